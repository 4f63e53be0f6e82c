"""A simulated Shopify shop: what its staff and shoppers do on its own screens, and the Admin GraphQL API below.

Behaviour from the Shopify sheet; what it leaves open is a switch in `shopify_call.Quirks`. Two servers on loopback: the
API and, on a port of its own, the host of bulk result files (`files`). Drain `bucket` to be throttled, set `shop_state`
to freeze the shop, plan the ends of bulk operations with `shop.desk.planned`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from connectors.sandbox.base import variable
from connectors.sandbox.shopify.books import Record, iso
from connectors.sandbox.shopify.merge import merge_by_hand
from connectors.sandbox.shopify.people import canonical, dressed
from connectors.sandbox.shopify.wire import ShopWire

API_VERSION = "2026-10"


class Account(ShopWire):
    """One shop: `Account(name, now, ledger, seed, **quirks)` with the fields of `Quirks` as switches.

    Profile ids are legacy resource ids.
    """

    api_version = API_VERSION

    def start(self) -> str:
        self.files.start()
        return super().start()

    def stop(self) -> None:
        try:
            super().stop()
        finally:
            self.files.stop()

    def add(self, fields: Mapping[str, Any]) -> str:
        """A new customer; also `links` {source: id} and `orders`. Raises ValueError for a taken email or phone."""
        with self.guard:
            books = self.shop.books
            created = _utc(fields.get("created_at")) or self.shop.stamp()
            record = dressed(books, books.blank(created), fields, self.shop.mapped, created)
            books.put(record)
            return str(record["id"])

    def edit(self, profile_id: str, fields: Mapping[str, Any]) -> None:
        with self.guard:
            now = self.shop.stamp()
            record = dressed(self.shop.books, self._known(profile_id), fields, self.shop.mapped, now)
            self.shop.books.put({**record, "updatedAt": now})

    def archive(self, profile_id: str) -> None:
        """There is no archived state (sheet: `Customer`)."""
        raise ValueError(f"Shopify cannot archive customer {profile_id}: delete it, or merge it into another")

    def delete(self, profile_id: str) -> None:
        """Raises ValueError for a customer with orders, whom the shop does not delete."""
        with self.guard:
            record = self._known(profile_id)
            if record["orders"]:
                raise ValueError(f"Shopify cannot delete customer {profile_id}, who has orders: merge it into another")
            self.shop.books.drop(record["id"])

    def erase_asked(self) -> list[str]:
        """The shop carries out the erasures that it was asked for: an empty customer stays. Returns their ids."""
        with self.guard:
            done, self.shop.to_erase = self.shop.to_erase, []
            blank = dict.fromkeys(("first_name", "last_name", "phone", "email", "note", "birth_date"))
            for number in done:
                record = dressed(self.shop.books, self._known(str(number)), blank, self.shop.mapped, self.shop.stamp())
                self.shop.books.put({**record, "addresses": [], "default": None, "tags": []})
            return [str(number) for number in done]

    def merge(self, loser: str, survivor: str) -> None:
        """A merge on the shop's screens: the loser's id reads null from now on, and nothing points to the survivor."""
        with self.guard:
            merge_by_hand(self.shop.books, self._known(survivor), self._known(loser), self.shop.stamp())

    def read(self, profile_id: str) -> dict[str, Any]:
        """The canonical fields and `status`, `links` {source: id} and `orders`. Raises KeyError."""
        with self.guard:
            return canonical(self._known(profile_id), self.shop.mapped)

    def ids(self) -> Iterator[str]:
        with self.guard:
            return iter([str(key) for key in self.shop.books.ids])

    def settings(self) -> dict[str, Any]:
        """The token is that of an admin-created custom app, which does not expire."""
        return {
            "kind": "shopify", "driver": "api", "base_url": self.url, "token": {"env": variable(self.name, "TOKEN")},
            "link_keys": dict(self.shop.mapped.link_keys), "api_version": self.api_version,
        }  # fmt: skip

    def secrets(self) -> dict[str, str]:
        return {variable(self.name, "TOKEN"): self.token}

    def approve(self, **changes: Any) -> None:
        """Change switches of `Quirks` in a running shop, such as `scopes` or `protected`."""
        with self.guard:
            self.quirks = self.shop.quirks = replace(self.quirks, **changes)

    def _known(self, profile_id: str) -> Record:
        try:
            return self.shop.books.customers[int(profile_id)]
        except ValueError as error:
            raise KeyError(profile_id) from error


def _utc(text: str | None) -> str | None:
    return iso(datetime.fromisoformat(text).timestamp()) if text else None
