"""Mortar: `shop` (Shopify) and `till` (Heartland), Canada.

Linked till profiles have an email and a complete address (M8); shop customers without a purchase have no link (M1).
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import cycle
from typing import Any, ClassVar

from connectors.sandbox import heartland, shopify
from connectors.sandbox.people import Person
from connectors.sandbox.world.ground import LACKS, Ground, Half, Resident, known, without


class Mortar(Half):
    name = "mortar"
    shares: ClassVar = {"linked": 0.70, "till_only": 0.18, "shop_only": 0.12}

    def __init__(self, ground: Ground) -> None:
        super().__init__(ground)
        now, ledger, seed = ground.now, ground.ledger, ground.seed
        self.shop = shopify.Account("shop", now, ledger, seed, link_keys={"rollcall.till": "till"})
        self.till = heartland.Account("till", now, ledger, seed)
        self._lacking = cycle(LACKS)
        self.default_customer = self.enter_shop(self._counter("Web", "Orders"), orders=40)
        self.walk_in = self.enter_till(self._counter("Walk-in", "Customer"))
        ground.open(self.shop, role="ecom", store="Online", region="CA", default_customer=self.default_customer)
        ground.open(self.till, role="pos", store="Queen St", region="CA", ignore=[self.walk_in])

    def enter_shop(self, person: Person, *, till: str | None = None, orders: int = 0, **other: Any) -> str:
        """A Shopify customer, linked to the till profile `till` where one is given."""
        fields = person.fields() | {"orders": orders, "has_purchased": orders > 0} | other
        fields |= {"email_consent": known(fields, "email"), "sms_consent": known(fields, "sms", "phone")}
        return self.shop.add(fields | ({"links": {"till": till}} if till else {}))

    def enter_till(self, person: Person, **other: Any) -> str:
        """A Heartland customer as clerks type them. An unticked box is no choice (G9); there is no SMS channel."""
        fields = self.ground.at_the_till(person, **other)
        unticked = self.ground.rng.choice(("unknown", "out"))
        fields["email_consent"] = "in" if known(fields, "email") == "in" else unticked
        return self.till.add(without(fields, "sms_consent", "note"))

    def standins(self) -> Iterator[str]:
        yield from (f"shop:{self.default_customer}", f"till:{self.walk_in}")

    def house(self, habit: str, resident: Resident) -> None:
        match habit:
            case "linked":
                self._linked(resident)
            case "till_only":
                self._till_only(resident)
            case "shop_only":
                lacks = self.ground.no_address(0.3) | ({"phone": None} if self.ground.rng.random() < 0.3 else {})
                resident.ids["shop"] = self.enter_shop(resident.person, **lacks)
            case _:
                super().house(habit, resident)

    def _linked(self, resident: Resident) -> None:
        rng = self.ground.rng
        if len(resident.habits) == 1 and rng.random() < 0.05:
            resident.person = replace(resident.person, phone=None)
        till = self.enter_till(resident.person, tags="Shopify;regular" if rng.random() < 0.3 else "Shopify")
        resident.ids["till"] = till
        resident.ids["shop"] = self.enter_shop(resident.person, till=till, orders=rng.randrange(1, 12))

    def _till_only(self, resident: Resident) -> None:
        resident.ids["till"] = self.enter_till(resident.person, **next(self._lacking))

    def _counter(self, first_name: str, last_name: str) -> Person:
        """A stand-in for orders without a customer (M14): complete, and nobody's contact."""
        made = self.ground.population.person("CA", first_name=first_name, last_name=last_name)
        return replace(made, birth_date=None, email_consent="unknown", sms_consent="unknown")
