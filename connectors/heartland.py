"""Heartland Retail (formerly Springboard Retail): the customers of one account and their addresses.

The list is walked by key, because page numbers shift while clerks work (sheet: List all customers).
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar, Literal
from urllib.parse import quote, urlsplit

from connectors import _heartland_words as words
from connectors._guard import after_a_write, checked, clock_told, in_our_words, listed, refuse_unoffered
from connectors._shaping import text
from connectors.base import (
    WHOLE_LIST,
    Action,
    Capabilities,
    Change,
    CheckLine,
    Connector,
    Evidence,
    Page,
    Record,
    VendorError,
)  # fmt: skip
from connectors.http import Http, Reply
from connectors.pace import Limit

INCLUDE = {"_include[]": "addresses"}
"""Assumed: embeds the addresses. A customer who comes without them costs one call more."""
ADMIN_PAGE = "https://{subdomain}.retail.heartland.us/#customers/edit/{id}"
"""Assumed: the vendor's page of a customer."""
PUBLIC_ID = "RC-{key}"
"""The Customer # of a customer that we create: unique there, so that a create tried twice is refused, not doubled."""
LIMIT = Limit(5.0)
"""Calls per second. Assumed: the vendor publishes none."""
REFUSALS = (400, 409, 422)
"""Assumed: each of them is a validation error without effect."""
REQUIRED = ("first_name", "last_name", "email", "street", "city", "postal_code", "country")
"""Without these nobody is created (M8)."""


class Heartland(Connector):
    """One account. Archived is inactive (M12); a customer merged away no longer exists for the API."""

    kind = "heartland"
    FIELDS = words.FIELDS
    DROPPED = words.DROPPED
    REQUIRED_PROOFS = WHOLE_LIST
    MERGE_STEPS: ClassVar[Sequence[str]] = (
        "Make phone and email the customer's on one profile alone, and set the other inactive; that can be undone.",
        "Or merge them in Heartland itself, the one way there is: the other profile's id is gone then, and nothing is told "
        "where it went. A link to it is made anew on the next night (M12).",
    )
    Settings = words.HeartlandSettings
    settings: words.HeartlandSettings
    _embeds_addresses = True

    @cached_property
    def http(self) -> Http:
        base = self.settings.base_url.rstrip("/")
        return Http(
            self.name,
            base if urlsplit(base).path else f"{base}/api",
            self.clock,
            limit=LIMIT,
            share=self.settings.rate_share,
            secrets=(self.settings.token.reveal().get_secret_value(),),
        )

    @cached_property
    def words(self) -> words.Words:
        return words.Words(self.settings)

    @property
    def capabilities(self) -> Capabilities:
        """What the configuration maps can be written; an opt-out unticks the choice, which may then read unknown (G9)."""
        kept = self.words.keys.keys()
        actions: set[Action] = {"update", "create", "archive", "restore"}
        actions |= {"add_tag"} if "tags" in kept else set()
        actions |= {"opt_out"} if "email_consent" in kept else set()
        return Capabilities(
            actions=frozenset(actions if self.settings.writes else ()),
            fields=frozenset((kept | words.ADDRESS_KEYS.keys()) - {"email_consent"}),
            consent=frozenset({"email"} if "email_consent" in kept else ()),
            silent_outs=frozenset({"email"} if self.settings.email_opt_in_false == "unknown" else ()),
            required=REQUIRED,
            resumable=True,
        )

    # reading ---------------------------------------------------------------------------------------------------------

    def pages(self, evidence: Evidence, cursor: str | None = None) -> Iterator[Page]:
        """Every customer in the order of ids, until an empty page; `cursor` is the last id read.

        Where the plain list leaves inactive customers out, theirs is walked after it (`inactive:ID`).
        """
        evidence.end_mark, evidence.pages_contiguous = False, True
        evidence.contract = self._contract()
        part, _, last = (cursor or "").rpartition(":")
        apart = bool(part) or self._inactive_are_apart()
        evidence.count_before = self._count(evidence, apart)
        if not part:
            yield from self._walk({}, int(last or 0), "", evidence)
            last = ""
        if apart:
            evidence.notes.append("the plain list leaves inactive customers out: they were asked for on their own")
            yield from self._walk({"active": False}, int(last or 0), "inactive:", evidence)
        evidence.end_mark = True
        evidence.count_after = self._count(evidence, apart)

    def fetch(self, ids: Sequence[str]) -> dict[str, Record | None]:
        """One call per customer; 404 is a customer merged away, or one who never was."""
        return {profile_id: self._one(profile_id) for profile_id in ids}

    def find(self, field_name: Literal["phone", "email", "key"], value: str) -> list[Record]:
        """By email as it is and in lower case, or by our Customer #. No look-up by phone is known: finds nobody."""
        if field_name == "phone":
            return []
        if field_name == "key":
            wanted = [{"public_id": PUBLIC_ID.format(key=value)}]
        else:
            wanted = [{"email": spelling} for spelling in sorted({value, value.lower()})]
        found = {row.get("id"): self._landed(row) for where in wanted for row in self._list(where, 100)[0]}
        return list(found.values())

    def view(self, record: Record) -> dict[str, str | None]:
        return words.view(record)

    def admin_url(self, profile_id: str) -> str | None:
        own, _, rest = (urlsplit(self.settings.base_url).hostname or "").partition(".")
        subdomain = self.settings.subdomain or (own if rest == "retail.heartland.us" else None)
        page = ADMIN_PAGE.format(subdomain=subdomain, id=quote(profile_id, safe=""))
        return page if subdomain else None

    def _walk(self, where: Mapping[str, Any], last: int, mark: str, evidence: Evidence) -> Iterator[Page]:
        while True:
            rows, _ = self._list({**where, "id": {"$gt": last}}, self.settings.per_page)
            if not rows:
                return
            ids = [row["id"] for row in rows if isinstance(row.get("id"), int)]
            if not ids or max(ids) <= last:
                raise VendorError(f"{self.name}: Heartland's list does not get past customer {last}", permanent=True)
            if ids != sorted(set(ids)) or ids[0] <= last:
                evidence.pages_contiguous = False
                evidence.notes.append(f"the list after customer {last} is not in the order of ids")
            last = max(ids)
            yield Page([self._landed(row) for row in rows], cursor=f"{mark}{last}")

    def _list(self, where: Mapping[str, Any], per_page: int) -> tuple[list[dict[str, Any]], int]:
        """The first page of customers under a filter, and how many there are in all."""
        query = {"page": 1, "per_page": per_page, "sort[]": "id", "_filter": json.dumps(where, sort_keys=True)}
        return _envelope(self._with_addresses("/customers", query, (200,)))

    def _with_addresses(self, path: str, query: Mapping[str, Any], ok: Collection[int]) -> Reply:
        """Asks for the addresses as well, and does without from the first time that the account refuses it."""
        if self._embeds_addresses:
            reply = self._get(path, {**query, **INCLUDE}, {*ok, 400})
            if reply.status != 400:
                return reply
            self._embeds_addresses = False
        return self._get(path, query, ok)

    def _count(self, evidence: Evidence, apart: bool) -> int:
        (_, total), (_, active), (_, inactive) = (self._list(w, 1) for w in ({}, {"active": True}, {"active": False}))
        count = total + inactive if apart else total
        if count != active + inactive:
            evidence.notes.append(f"{count} customers, but {active} active and {inactive} inactive ones")
        return count

    def _inactive_are_apart(self) -> bool:
        """Whether the plain list lacks an inactive customer who exists."""
        rows, _ = self._list({"active": False}, 1)
        first = rows[0].get("id") if rows else None
        if not isinstance(first, int) or words.active(rows[0]) is not False:
            return False
        shown, _ = self._list({"id": {"$gt": first - 1}}, 1)
        return [row.get("id") for row in shown] != [first]

    def _one(self, profile_id: str) -> Record | None:
        reply = self._with_addresses(_customer(profile_id), {}, (200, 404))
        if reply.status == 404:
            return None
        row = reply.json()
        if not isinstance(row, dict) or text(row.get("id")) != profile_id:
            raise VendorError(f"{reply.where} answered something else than this customer", permanent=False)
        return self._landed(row)

    def _landed(self, row: Mapping[str, Any]) -> dict[str, Any]:
        found = row.get("addresses")
        addresses = found.get("results") if isinstance(found, dict) else found
        if not isinstance(addresses, list):
            addresses = self._addresses(text(row.get("id")))
        return self.words.landed(row, addresses)

    def _addresses(self, profile_id: str | None) -> list[dict[str, Any]]:
        if profile_id is None:
            return []
        reply = self._get(f"{_customer(profile_id)}/addresses", {"per_page": 100}, (200, 404))
        return _envelope(reply)[0] if reply.status == 200 else []

    def _custom_fields(self) -> list[dict[str, Any]]:
        """The definitions of the account's own fields; none where the token may not read them."""
        query = {"_filter": json.dumps({"group_id": "customer"}), "page": 1, "per_page": 500}
        reply = self._get("/custom_fields", query, (200, 403, 404))
        return _envelope(reply)[0] if reply.status == 200 else []

    def _contract(self) -> dict[str, str]:
        return {
            "account": urlsplit(self.settings.base_url).hostname or "",
            "user": str(self._whoami().get("id", "")),
            "reads": ", ".join(f"{name}={key}" for name, key in sorted(self.words.keys.items())),
            "unticked": self.settings.email_opt_in_false,
        }

    def _whoami(self) -> dict[str, Any]:
        reply = self._get("/system/whoami", {}, (200, 403, 404))
        user = reply.json() if reply.status == 200 else {}
        return user if isinstance(user, dict) else {}

    def _get(self, path: str, params: Mapping[str, Any], ok: Collection[int]) -> Reply:
        return self.http.request("GET", path, params=params, headers=self._headers(), ok=ok)

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.settings.token.reveal().get_secret_value()}"}

    # checking --------------------------------------------------------------------------------------------------------

    def check(self) -> list[CheckLine]:
        return [
            checked("customers", self._check_customers),
            checked("scopes", self._check_user),
            checked("inactive customers", self._check_inactive),
            checked("custom fields", self._check_custom_fields),
            checked("clock", self._check_clock),
        ]

    def _check_customers(self) -> str:
        rows, total = self._list({}, 1)
        slow = "; addresses come by one call per customer, so a pull is slow"
        return f"{total} can be read{slow if rows and 'addresses' not in rows[0] else ''}"

    def _check_user(self) -> str:
        user = self._whoami()
        name = text(user.get("login")) or text(user.get("id"))
        return f"the token acts as user {name}: what that user may do and see" if name else "the vendor does not say"

    def _check_inactive(self) -> str:
        return "listed on their own: both lists are read" if self._inactive_are_apart() else "listed with the others"

    def _check_custom_fields(self) -> str:
        wanted = {key for key in self.words.keys.values() if key.startswith("custom@")}
        known = {f"custom@{definition.get('key')}" for definition in self._custom_fields()}
        if known and wanted - known:
            missing = ", ".join(sorted(wanted - known))
            raise VendorError(f"the account has no {missing}: correct the keys of this source", permanent=True)
        return ", ".join(sorted(wanted)) or "none in use"

    def _check_clock(self) -> str:
        reply = self._get("/customers", {"page": 1, "per_page": 1}, (200,))
        return clock_told(reply.headers.get("Date"), self.clock)

    # writing ---------------------------------------------------------------------------------------------------------

    def write(self, change: Change) -> str:
        """PUT is partial: only the changed keys go over the wire, address keys to the main address."""
        refuse_unoffered(self.name, self.capabilities, change)
        if change.action == "create":
            return self._create(change)
        assert change.profile_id is not None
        customer, address = self.words.written(change.after)
        if customer:
            self._send("PUT", _customer(change.profile_id), customer)
        if address:
            with after_a_write(f"customer {change.profile_id} is changed, but not the address", began=bool(customer)):
                current = change.current or self._one(change.profile_id) or {}
                self._write_address(change.profile_id, current, address)
        return change.profile_id

    def _write_address(self, profile_id: str, current: Record, address: Mapping[str, Any]) -> None:
        """PUT on the main address, never a second copy beside it; POST where there is none."""
        path, present = f"{_customer(profile_id)}/addresses", current.get("addresses") or []
        if present:
            self._send("PUT", f"{path}/{present[0]['id']}", address)
        else:
            names = {name: current.get(name) or words.UNKNOWN_NAME for name in words.NAMES}
            self._send("POST", path, {**names, **address})

    def _create(self, change: Change) -> str:
        customer, address = self.words.written({name: value for name, value in change.after.items() if value})
        wanted = {f"custom@{f.get('key')}" for f in self._custom_fields() if f.get("required") is True}
        if gaps := wanted - customer.keys():
            raise VendorError(f"{self.name}: nobody is created without {', '.join(sorted(gaps))}", permanent=True)
        body = {"public_id": PUBLIC_ID.format(key=change.key), **customer}
        names = {name: customer[name] for name in words.NAMES}
        reply = self._ask("POST", "/customers", {**body, "address": {**names, **address}})
        if "address" in _problems(reply):
            reply = self._ask("POST", "/customers", body)
        if "public_id" not in _problems(reply):
            self._done(reply, body)
        with after_a_write("the customer is created, but perhaps without the address: do not create again"):
            profile_id = reply.headers.get("Location", "").rstrip("/").rpartition("/")[2] or self._created(change.key)
            if not self._addresses(profile_id):
                self._write_address(profile_id, customer, address)
        return profile_id

    def _created(self, key: str) -> str:
        """The customer under our own Customer #: a create that named no id, or one that we had made before."""
        found = self.find("key", key)
        if len(found) != 1:
            public_id = PUBLIC_ID.format(key=key)
            raise VendorError(f"{self.name}: Heartland names no id: search for Customer # {public_id}", permanent=True)
        return str(found[0]["id"])

    def _send(self, method: str, path: str, body: Mapping[str, Any]) -> None:
        self._done(self._ask(method, path, body), body)

    def _ask(self, method: str, path: str, body: Mapping[str, Any]) -> Reply:
        ok = (200, 201, 204, 404, *REFUSALS)
        return self.http.request(method, path, json=body, headers=self._headers(), ok=ok)

    def _done(self, reply: Reply, body: Mapping[str, Any]) -> None:
        """Raises VendorError when the write was refused; the values that were sent stay out of its text."""
        if reply.status == 404:
            raise VendorError(f"{reply.where}: no longer there (merged away?)", permanent=True, status=404)
        if problems := _problems(reply):
            known = {*body, *words.ADDRESS_KEYS.values(), "base", "address"}
            said = "; ".join(
                in_our_words(f"{listed(key, known)} {why}", reply.status, known) for key, why in problems.items()
            )
            raise VendorError(f"{reply.where} is refused: {said}", permanent=True, status=reply.status)


def _envelope(reply: Reply) -> tuple[list[dict[str, Any]], int]:
    answer = reply.json()
    rows, total = (answer.get("results"), answer.get("total")) if isinstance(answer, dict) else (None, None)
    if not isinstance(rows, list) or not isinstance(total, int) or not all(isinstance(row, dict) for row in rows):
        raise VendorError(f"{reply.where} answered something else than a list: try again later", permanent=False)
    return rows, total


def _problems(reply: Reply) -> dict[str, str]:
    """What the vendor objects to, by field; nothing when it was done. Plain text may hold values and is left out."""
    if reply.status not in REFUSALS:
        return {}
    try:
        answer = reply.json()
    except VendorError:
        answer = None
    details = answer.get("details") if isinstance(answer, dict) else None
    if not isinstance(details, dict) or not details:
        return {"": "without a reason"}
    return {str(key): ", ".join(map(str, why if isinstance(why, list) else [why])) for key, why in details.items()}


def _customer(profile_id: str) -> str:
    return f"/customers/{quote(profile_id, safe='')}"
