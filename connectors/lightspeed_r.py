"""Lightspeed Retail R-Series: the customers of one account, over API V3.

The list is walked in the order of ids along the vendor's own cursors, archived customers with it (sheet: List all
customers). Custom fields and credit accounts are not asked for: they may hold what must not be kept (G11).
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar, Literal
from urllib.parse import quote
from zoneinfo import ZoneInfo

from connectors import _lightspeed_r_words as words
from connectors._guard import after_a_write, checked, clock_told, refuse_unoffered
from connectors._lightspeed_r_access import BURST, REFRESHES, Access, is_passing, metered, rows_of, said
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
)
from connectors.consent import Consent
from connectors.http import Http, Reply
from connectors.pace import Limit
from connectors.seen import Seen
from connectors.tokens import TokenFile

API = "/API/V3"
PAGE_SIZE = 100
"""The vendor's maximum."""
RELATIONS = '["Contact","CustomerType","Note","Tags","CreditAccount"]'
"""Without them there is no email, phone or consent."""
LIMIT = Limit(rate=1.0, at_once=90.0, calls=BURST)
"""The bucket of an account with one register, and the burst limit; the headers tell the bucket as it is."""
COUNT_COST = 10.0
REQUIRED = ("first_name",)
"""Assumed: the vendor does not say without what nobody is created."""
REFUSALS = (400, 404, 409, 422)
SCOPES = {"employee:all", "employee:customers"}
"""Either of them may read and write."""
EMAILS_LOOKED_AT = ("Contact.email",)
PHONES_LOOKED_AT = ("Contact.phoneHome", "Contact.mobile", "Contact.phoneWork")


class LightspeedR(Connector):
    """One account. Archived comes back (M13); anonymised is deleted, and does not."""

    kind = "lightspeed_r"
    FIELDS = words.FIELDS
    ID = "customerID"
    DROPPED = words.DROPPED
    REQUIRED_PROOFS = WHOLE_LIST
    EXPORT_CONTRACT = 2
    MERGE_STEPS: ClassVar[Sequence[str]] = (
        "Look at both credit accounts first: one that is archived keeps its balance, and nobody sees it.",
        "In the back office merge the other customer into the one who stays: it cannot be undone, and no API does it.",
        "The one who stays keeps its values, gaps are filled from the other, and the other is archived.",
    )
    Settings = words.LightspeedRSettings
    settings: words.LightspeedRSettings

    @cached_property
    def http(self) -> Http:
        base = self.settings.base_url.rstrip("/").removesuffix(API) + API
        return Http(self.name, base, self.clock, limit=LIMIT, share=self.settings.rate_share, meter=metered)

    @cached_property
    def access(self) -> Access:
        wanted = self.settings
        assert wanted.client_id is not None
        assert wanted.client_secret is not None
        assert wanted.tokens is not None
        secret = wanted.client_secret.reveal().get_secret_value()
        cloud = Http(
            self.name, wanted.token_url, self.clock, limit=REFRESHES, attempts=4,
            secrets=(secret,),
        )  # fmt: skip
        self.http.hide(secret)
        client = {"client_id": wanted.client_id, "client_secret": secret}
        tokens = TokenFile(wanted.tokens.file)
        return Access(self.http, cloud, wanted.token_url, self.clock, client=client, tokens=tokens)

    @cached_property
    def words(self) -> words.Words:
        return words.Words(self.settings.no_contact_means, self._zone(), self.settings.tags_shape)

    @property
    def capabilities(self) -> Capabilities:
        """An opt-out sets a no-contact flag, which reads unknown where that is also what a new customer gets (G9)."""
        actions: set[Action] = {"update", "create", "add_note", "add_tag", "opt_out", "set_group", "archive", "restore"}
        actions.add("erase")
        names = {"first_name", "last_name", "birth_date", "phone", "email", "note", "tags", "group", *words.PLACE}
        return Capabilities(
            actions=frozenset(actions if self.settings.writes else ()),
            fields=frozenset(names),
            consent=frozenset({"email", "sms"}),
            silent_outs=frozenset({"email", "sms"} if self.settings.no_contact_means == "unknown" else ()),
            required=REQUIRED,
            resumable=True,
        )

    def consent(self) -> Consent:
        wanted = self.settings
        assert wanted.client_id is not None
        assert wanted.client_secret is not None
        wanted.client_secret.reveal()  # a place without a secret is told before anybody agrees: a code lasts a minute
        scope = "employee:customers" if wanted.writes else "employee:customers_read"
        return Consent(wanted.consent_page, wanted.client_id, (scope,), "one minute")

    def consented(self, code: str) -> str:
        return self.access.authorise(code)

    # reading ---------------------------------------------------------------------------------------------------------

    def pages(self, evidence: Evidence, cursor: str | None = None) -> Iterator[Page]:
        """Every customer in the order of ids, until a page without a next one; `cursor` is `LAST_ID|NEXT_ADDRESS`."""
        evidence.end_mark, evidence.pages_contiguous = False, True
        evidence.contract = {
            "account": self._account, "archived": "true", "relations": RELATIONS, "zone": self.words.zone.key,
            "no_contact": self.settings.no_contact_means,
        }  # fmt: skip
        evidence.count_before = self._count()
        last, _, address = (cursor or "").partition("|")
        yield from self._walk(int(last or 0), address if cursor else self._customers, evidence)
        evidence.end_mark = True
        evidence.count_after = self._count()

    def fetch(self, ids: Sequence[str]) -> dict[str, Record | None]:
        """One call per customer, archived ones too; 404 is nobody."""
        return {profile_id: self._one(profile_id) for profile_id in ids}

    def find(self, field_name: Literal["phone", "email", "key"], value: str) -> list[Record]:
        """By email or phone, however they are spelled. The vendor keeps no reference of ours: by key finds nobody."""
        if field_name == "key" or not value:
            return []
        phone = field_name == "phone"
        alike = words.phone_like(value) if phone else words.like(value)
        slots = PHONES_LOOKED_AT if phone else EMAILS_LOOKED_AT
        found = {row.get("customerID"): self.words.landed(row) for slot in slots for row in self._holders(slot, alike)}
        region = self.settings.region
        return [row for row in found.values() if words.holds(row, field_name, value, region)]

    def view(self, record: Record) -> dict[str, str | None]:
        return words.view(record)

    def _walk(self, last: int, address: str, evidence: Evidence) -> Iterator[Page]:
        """Along `@attributes.next` exactly as it is given. Raises VendorError where the vendor sends us in circles."""
        first = {"archived": "true", "sort": "customerID", "limit": PAGE_SIZE, "load_relations": RELATIONS}
        params: Mapping[str, Any] | None = first if address == self._customers else None
        been, stale = Seen(), 0
        while address:
            if address in been:
                raise VendorError(f"{self.name}: R-Series names the same next page twice", permanent=False)
            been.add([address])
            rows, address = self._page(address, params)
            params = None
            if rows and not any(isinstance(row.get("Contact"), dict) for row in rows):
                raise VendorError(f"{self.name}: R-Series lists customers without their contacts", permanent=False)
            ids = [int(one) for row in rows if (one := str(row.get("customerID"))).isdecimal()]
            if ids != sorted(set(ids)) or min(ids, default=last + 1) <= last:
                evidence.pages_contiguous = False
                evidence.notes.append(f"the list after customer {last} is not in the order of ids")
            stale = 0 if max(ids, default=last) > last else stale + 1
            if stale > 1:
                raise VendorError(f"{self.name}: R-Series's list does not get past customer {last}", permanent=False)
            last = max([last, *ids])
            yield Page([self.words.landed(row) for row in rows], cursor=f"{last}|{address}")

    def _page(self, address: str, params: Mapping[str, Any] | None) -> tuple[list[dict[str, Any]], str]:
        reply = self.access.get(address, params=params)
        rows, attributes = rows_of(reply, "Customer")
        following = attributes.get("next")
        if not isinstance(following, str):
            raise VendorError(f"{reply.where} does not say where its list goes on: try again later", permanent=False)
        return rows, following

    def _count(self) -> int:
        reply = self.access.get(self._customers, params={"count": 1, "archived": "true"}, cost=COUNT_COST)
        told = str(rows_of(reply, "Customer")[1].get("count"))
        if not told.isdecimal():
            raise VendorError(f"{reply.where} did not count: try again later", permanent=False)
        return int(told)

    def _one(self, profile_id: str, relations: str = RELATIONS) -> Record | None:
        row = self._raw(profile_id, relations)
        return None if row is None else self.words.landed(row)

    def _raw(self, profile_id: str, relations: str) -> dict[str, Any] | None:
        reply = self.access.get(self._customer(profile_id), params={"load_relations": relations}, ok=(200, 404))
        if reply.status == 404:
            return None
        rows, _ = rows_of(reply, "Customer")
        if len(rows) != 1 or str(rows[0].get("customerID")) != profile_id:
            raise VendorError(f"{reply.where} answered something else than this customer", permanent=False)
        return rows[0]

    def _holders(self, slot: str, alike: str) -> list[dict[str, Any]]:
        query = {slot: alike, "archived": "true", "limit": PAGE_SIZE, "load_relations": RELATIONS}
        return rows_of(self.access.get(self._customers, params=query), "Customer")[0]

    @cached_property
    def _account(self) -> str:
        """The account's id; the token opens exactly one."""
        if self.settings.account_id:
            return self.settings.account_id
        reply = self.access.get("/Account.json")
        ids = [str(row.get("accountID")) for row in rows_of(reply, "Account")[0]]
        if len(ids) != 1 or not ids[0].isdecimal():
            raise VendorError(f"{self.name}: {len(ids)} accounts answer: name one, `account_id:`", permanent=True)
        return ids[0]

    @property
    def _customers(self) -> str:
        return f"/Account/{self._account}/Customer.json"

    def _customer(self, profile_id: str) -> str:
        return f"/Account/{self._account}/Customer/{quote(profile_id, safe='')}.json"

    def _zone(self) -> ZoneInfo:
        """The zone in which birth dates begin: as configured, of the first shop that has one, else UTC."""
        if self.settings.time_zone:
            return ZoneInfo(self.settings.time_zone)
        return next(filter(None, map(words.zone, self._shop_zones())), ZoneInfo("UTC"))

    def _shop_zones(self) -> list[Any]:
        reply = self.access.get(f"/Account/{self._account}/Shop.json", ok=(200, 403, 404))
        return [row.get("timeZone") for row in rows_of(reply, "Shop")[0]] if reply.status == 200 else []

    def _types(self) -> dict[str, list[str]]:
        """The ids of the customer types by their names."""
        types: dict[str, list[str]] = {}
        address, params = f"/Account/{self._account}/CustomerType.json", {"limit": PAGE_SIZE}
        for _ in range(PAGE_SIZE):
            rows, attributes = rows_of(self.access.get(address, params=params), "CustomerType")
            for row in rows:
                types.setdefault(str(row.get("name")).strip(), []).append(str(row.get("customerTypeID")))
            address, params = str(attributes.get("next") or ""), {}
            if not address:
                return types
        raise VendorError(f"{self.name}: the list of customer types has no end", permanent=False)

    # checking --------------------------------------------------------------------------------------------------------

    def check(self) -> list[CheckLine]:
        lines = [
            checked("account", lambda: self._account),
            checked("scopes", self._check_scopes),
            checked("customers", lambda: f"{self._count()} can be read, archived ones with them"),
            checked("groups", lambda: ", ".join(sorted(self._types())) or "none"),
            checked("time zone", self._check_zone),
            checked("clock", self._check_clock),
        ]
        meaning = f"a no-contact flag means: {self.settings.no_contact_means}; SMS is noPhone (assumed)"
        return [*lines, CheckLine("consent", ok=True, detail=meaning)]

    def _check_scopes(self) -> str:
        granted = self.access.scopes
        enough = SCOPES | (set() if self.settings.writes else {"employee:customers_read"})
        if granted and not granted & enough:
            raise VendorError(f"none of {', '.join(sorted(enough))} is granted: authorise once more", permanent=True)
        return ", ".join(sorted(granted)) or "the token does not say"

    def _check_zone(self) -> str:
        zones = sorted({str(name) for name in self._shop_zones()})
        return f"birth dates in {self._zone().key}; shops in {', '.join(zones) or 'none that may be read'}"

    def _check_clock(self) -> str:
        reply = self.access.get(self._customers, params={"limit": 1})
        return clock_told(reply.headers.get("Date"), self.clock)

    # writing ---------------------------------------------------------------------------------------------------------

    def write(self, change: Change) -> str:
        """PUT is partial, DELETE archives. What the view does not show of a contact is read back here."""
        refuse_unoffered(self.name, self.capabilities, change)
        if change.action == "create":
            return self._create(change)
        assert change.profile_id is not None
        current = change.current or self._one(change.profile_id)
        if current is None:
            raise VendorError(f"{self.name}: customer {change.profile_id} is not there", permanent=True, status=404)
        if words.anonymised(current):
            raise VendorError(f"{self.name}: this customer was anonymised on request (G10)", permanent=True)
        if change.action == "archive":
            self._archive(change.profile_id)
        elif change.action == "erase":
            self._erase(change.profile_id, current)
        elif change.action == "restore":
            self._done(self._ask("PUT", self._customer(change.profile_id), {"archived": False}))
        else:
            self._update(change.profile_id, current, change.after)
        return change.profile_id

    def _update(self, profile_id: str, current: Record, after: Mapping[str, str | None]) -> None:
        body = {**self.words.written(current, after), **self._typed(after)}
        self._done(self._ask("PUT", self._customer(profile_id), body))
        if "Contact" in body and words.hidden(current):
            with after_a_write(f"customer {profile_id} is changed, and must be looked at"):
                self._compare(profile_id, body["Contact"])

    def _compare(self, profile_id: str, sent: Mapping[str, Any]) -> None:
        """The answer of a PUT is no proof (sheet: Create and update). Raises VendorError where the contact reads otherwise."""
        record = self._one(profile_id)
        if changed := words.differing(sent, words.contact_of(record, {}) if record else {}):
            raise VendorError(f"{self.name}: {', '.join(changed)} reads otherwise after the write", permanent=True)

    def _erase(self, profile_id: str, current: Record) -> None:
        """Anonymised for good; the note would stay, so it goes first (sheet, section 7)."""
        self._without_balance(profile_id)
        noted = bool(self.view(current)["note"])
        if noted:
            self._done(self._ask("PUT", self._customer(profile_id), self.words.written(current, {"note": None})))
        with after_a_write(f"the note of customer {profile_id} is emptied, and nothing else", began=noted):
            self._done(self._ask("DELETE", self._customer(profile_id).replace(".json", "/Anonymize.json"), None))

    def _archive(self, profile_id: str) -> None:
        self._without_balance(profile_id)
        self._done(self._ask("DELETE", self._customer(profile_id), None))

    def _without_balance(self, profile_id: str) -> None:
        """A credit account goes with its customer, so one that holds a balance is for a person (G11)."""
        row = self._raw(profile_id, '["CreditAccount"]') or {}
        account = row.get("CreditAccount")
        balance = account.get("balance") if isinstance(account, dict) else None
        if str(row.get("creditAccountID") or "0") != "0" and not words.is_zero(balance):
            why = "it has a credit account with a balance, or one that cannot be read: a person archives it"
            raise VendorError(f"{self.name}: customer {profile_id} is not archived: {why} (G11)", permanent=True)

    def _create(self, change: Change) -> str:
        """The three flags are sent as no: what nobody said is no consent (G9)."""
        after = {name: value for name, value in change.after.items() if value}
        self._must_be_new(after)
        body = {"Contact": words.contact_of({}, after), **self.words.written({}, after), **self._typed(after)}
        reply = self._ask("POST", self._customers, body)
        self._done(reply)
        with after_a_write("a customer is created, but its id is not known: look for it by email and phone"):
            rows, _ = rows_of(reply, "Customer")
            if len(rows) != 1 or not str(rows[0].get("customerID")).isdecimal():
                raise VendorError(f"{reply.where} names no customer", permanent=True)
        return str(rows[0]["customerID"])

    def _must_be_new(self, after: Mapping[str, str | None]) -> None:
        """R-Series takes the same customer twice, so who was made a moment ago is looked for first. Raises VendorError."""
        by = next((name for name in ("email", "phone") if after.get(name)), None)
        names = [after.get(name) for name in ("first_name", "last_name")]
        for record in self.find("email" if by == "email" else "phone", str(after[by])) if by else ():
            seen = self.view(record)
            if seen["status"] == "active" and [seen[name] for name in ("first_name", "last_name")] == names:
                told = f"customer {record['customerID']} has this name and {by} already: nothing is created"
                raise VendorError(f"{self.name}: {told}", permanent=True)

    def _typed(self, after: Mapping[str, str | None]) -> dict[str, str]:
        """The group by its id. Types are made by people, because they may carry prices (sheet: CustomerType)."""
        if "group" not in after:
            return {}
        name = (after["group"] or "").strip()
        ids = self._types().get(name, []) if name else ["0"]
        if len(ids) != 1:
            told = "is there more than once: rename one" if ids else "is not there: make it in the back office first"
            raise VendorError(f"{self.name}: the customer type {name!r} {told} (X2)", permanent=True)
        return {"customerTypeID": ids[0]}

    def _ask(self, method: Literal["POST", "PUT", "DELETE"], path: str, body: Any) -> Reply:
        return self.access.send(method, path, json=body, ok=(200, *REFUSALS))

    def _done(self, reply: Reply) -> None:
        """Raises VendorError when the write was refused."""
        if reply.status == 200:
            return
        if is_passing(reply):
            told = f"{reply.where} answered to try again later"
            raise VendorError(told, permanent=False, status=reply.status, effect="unknown")
        known = {404: "no longer there", 409: "changed by somebody else at the same moment"}
        told = f"{reply.where} is refused: {known.get(reply.status) or said(reply)}"
        raise VendorError(told, permanent=True, status=reply.status)
