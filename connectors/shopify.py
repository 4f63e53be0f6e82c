"""Shopify: the customers of one shop, through the Admin GraphQL API 2026-10 (sheet of November 2026).

The list comes as one bulk export; single customers by id or identifier. Quirks that shape this code: errors arrive in
answers of status 200; the children of an export come in any order; email consent without an email is taken and lost;
no write can be made idempotent; metafields asked for by `keys` bring their namespace in the key.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from typing import Any, ClassVar, Literal

from connectors import _shopify_documents as documents
from connectors import _shopify_merges as merges
from connectors import _shopify_words as words
from connectors import _shopify_writes as writes
from connectors._erasing import is_nobody
from connectors._guard import after_a_write, checked, clock_told, refuse_unoffered
from connectors._shopify_batches import AT_MOST, TOGETHER, Batches
from connectors._shopify_bulk import Export
from connectors._shopify_client import PRICE, Client, ShopifyError
from connectors.base import (
    MERGED_INTO,
    Action,
    Capabilities,
    Change,
    CheckLine,
    Connector,
    Erasure,
    Evidence,
    Fate,
    Foreseen,
    Page,
    ProofName,
    Record,
    VendorError,
)
from connectors.http import Http

BATCH = 100
"""Ids in one look-up. The vendor takes 250, but not at the price of every plan's query limit."""
PROTECTED = {
    "name": ("firstName", "lastName"), "email": ("defaultEmailAddress",), "phone": ("defaultPhoneNumber",),
    "address": ("defaultAddress",),
}  # fmt: skip
"""Fields that need an approval of their own, beside the scopes."""
ERASING = frozenset({"read_customer_data_erasure", "write_customer_data_erasure"})
"""The scopes without which Shopify refuses to be asked for an erasure, or to say why not."""
ENOUGH = 3
"""So many customers without any of them are no chance."""


class Shopify(Connector):
    """One shop. Every customer that it lists is active; one who is deleted or merged away reads as nobody (M15)."""

    kind: ClassVar[str] = "shopify"
    FIELDS = words.FIELDS
    ID: ClassVar[str] = "legacyResourceId"
    CALL_COST = PRICE
    REQUIRED_PROOFS: ClassVar[frozenset[ProofName]] = frozenset(
        {"end_mark", "count_before", "count_after", "no_repeats", "same_contract", "shrink", "canaries"}
    )
    MERGE_STEPS: ClassVar[Sequence[str]] = (
        "Write down the POS ids of both customers: of two links to one system the shop keeps one.",
        "In the shop's admin merge the other customer into the one who stays. Its preview says who that is, and what stands "
        "against it: gift cards, store credit, subscriptions, a privacy request. It cannot be undone.",
    )
    Settings = words.ShopifySettings
    settings: words.ShopifySettings

    @cached_property
    def client(self) -> Client:
        """The shop's endpoint. Raises VendorError when there is no secret to sign in with."""
        return Client(self.name, self.settings, self.clock)

    @property
    def http(self) -> Http:
        return self.client.http

    @property
    def capabilities(self) -> Capabilities:
        actions: set[Action] = {"update", "create", "relink", "add_note", "add_tag", "opt_out", "erase"}
        actions |= {"merge"} if self.settings.merges else set()
        if not self.settings.link_keys:
            actions.discard("relink")
        return Capabilities(
            actions=frozenset(actions if self.settings.writes else ()),
            fields=writes.FIELDS | {f"link:{source}" for source in self.settings.link_keys.values()},
            consent=frozenset({"email", "sms"}),
            unique=frozenset({"email", "phone"}),
            erases_later=True,
            together=TOGETHER & actions if self.settings.writes and self.settings.bulk_writes_from else frozenset(),
            together_from=self.settings.bulk_writes_from,
            together_at_most=AT_MOST,
        )

    # reading ---------------------------------------------------------------------------------------------------------

    def pages(self, evidence: Evidence, cursor: str | None = None) -> Iterator[Page]:
        evidence.end_mark = False
        self._sample()
        evidence.contract = self._contract()
        evidence.count_before = self._count(evidence)
        yield from Export(self.name, self.client, self.settings, self.clock).pages(evidence)
        evidence.count_after = self._count(evidence)
        evidence.end_mark = True
        answered = self.client.answered_version
        evidence.contract["api_version"] = answered or self.settings.api_version
        if answered not in (None, self.settings.api_version):
            evidence.notes.append(f"asked for version {self.settings.api_version}, answered by {answered}")

    def fetch(self, ids: Sequence[str]) -> dict[str, Record | None]:
        found: dict[str, Record | None] = dict.fromkeys(ids)
        askable = [one for one in found if words.is_id(one)]
        for start in range(0, len(askable), BATCH):
            found |= self._by_ids(askable[start : start + BATCH])
        return found

    def find(self, field_name: Literal["phone", "email", "key"], value: str) -> list[Record]:
        """By email or phone, past the search index, which lags. The vendor keeps no reference of ours."""
        identifier = {"email": "emailAddress", "phone": "phoneNumber"}.get(field_name)
        if identifier is None:
            return []
        variables = {"identifier": {identifier: value}, **self._selection}
        node = self.client.read(documents.FIND, variables)["customerByIdentifier"]
        return [self._landed(node)] if node else []

    def view(self, record: Record) -> dict[str, str | None]:
        return words.view(record, self.settings.link_keys)

    def erasure(self, profile_id: str) -> Erasure:
        """Shopify erases in its own time; until then a consent that reads redacted is its only sign (sheet: privacy)."""
        record = self.fetch([profile_id]).get(profile_id)
        view = {} if record is None else self.view(record)
        asked = "erased" in (view.get("email_consent"), view.get("sms_consent"))
        return "gone" if is_nobody(view) else "asked" if asked else "there"

    def admin_url(self, profile_id: str) -> str | None:
        domain = self.settings.shop_domain
        return f"https://{domain}/admin/customers/{profile_id}" if domain and words.is_id(profile_id) else None

    @property
    def _selection(self) -> dict[str, Any]:
        keys = self.settings.metafield_keys  # only these are answered, and every one asked for costs points
        return {"first": max(1, len(keys)), "keys": keys}

    def _by_ids(self, ids: Sequence[str]) -> dict[str, Record | None]:
        """By ids; in halves where all at once cost more than one query may."""
        asked = {"ids": [words.GID.format(one) for one in ids], **self._selection}
        try:
            nodes = self.client.read(documents.BY_IDS, asked)["nodes"]
        except ShopifyError as error:
            if error.code != "MAX_COST_EXCEEDED" or len(ids) == 1:
                raise
            half = len(ids) // 2
            return self._by_ids(ids[:half]) | self._by_ids(ids[half:])
        found: dict[str, Record | None] = {
            one: self._landed(node) if node else None for one, node in zip(ids, nodes, strict=False)
        }
        if len(nodes) != len(ids) or any(record and record[self.ID] != one for one, record in found.items()):
            raise VendorError(f"{self.name}: Shopify answers with other customers than were asked for", permanent=False)
        return found

    def _landed(self, node: Mapping[str, Any]) -> dict[str, Any]:
        edges = (node.get("metafields") or {}).get("edges") or []
        return words.landed(node, [edge["node"] for edge in edges], self.settings)

    def _count(self, evidence: Evidence) -> int | None:
        counted = self.client.read(documents.COUNT)["customersCount"] or {}
        if counted.get("precision") != "EXACT":
            evidence.notes.append("the shop counts its customers only roughly")
            return None
        return int(counted["count"])

    def first_page(self) -> Page | None:
        """The sample, not the export."""
        nodes = self._sample()
        return Page([self._landed(node) for node in nodes]) if nodes else None

    def _sample(self) -> list[dict[str, Any]]:
        """Some customers by the same fields: a bulk export may leave out in silence what the app may not see."""
        return list(self.client.read(documents.SAMPLE, self._selection)["customers"]["nodes"])

    def _contract(self) -> dict[str, str]:
        shop, scopes = self._account()
        return {
            "shop": str(shop.get("myshopifyDomain")),
            "scopes": ", ".join(scope for scope in scopes if scope not in ERASING),  # they change nothing that is read
            "metafields": ", ".join(self.settings.metafield_keys),
        }

    def _account(self) -> tuple[dict[str, Any], list[str]]:
        data = self.client.read(documents.ACCOUNT)
        return data["shop"], sorted(scope["handle"] for scope in data["currentAppInstallation"]["accessScopes"])

    # checking --------------------------------------------------------------------------------------------------------

    def check(self) -> list[CheckLine]:
        return [
            checked("shop", self._check_shop),
            checked("scopes", self._check_scopes),
            checked("customers", self._check_customers),
            checked("protected data", self._check_protected),
            checked("clock", self._check_clock),
        ]

    def _check_shop(self) -> str:
        shop, _ = self._account()
        asked, answered = self.settings.api_version, self.client.answered_version
        if answered not in (None, asked):
            text = f"version {asked} is asked for and {answered} answers: write `api_version: {answered}` or update"
            raise VendorError(text, permanent=True)
        return f"{shop.get('name')} ({shop.get('myshopifyDomain')}) answers, version {asked}"

    def _check_scopes(self) -> str:
        _, scopes = self._account()
        needed = {"read_customers"} | ({"write_customers"} if self.settings.writes else set())
        needed |= merges.SCOPES if self.settings.writes and self.settings.merges else set()
        if missing := sorted(needed - set(scopes)):
            raise VendorError(f"the app lacks {', '.join(missing)}: grant it and install the app anew", permanent=True)
        if self.settings.writes and (lacking := sorted(ERASING - set(scopes))):
            return f"{', '.join(scopes)}; without {', '.join(lacking)} customers are erased by hand (M15)"
        return ", ".join(scopes)

    def _check_customers(self) -> str:
        return f"{(self.client.read(documents.COUNT)['customersCount'] or {}).get('count')} can be read"

    def _check_protected(self) -> str:
        """Not approved: null with status 200, by the sheet with errors beside it; without them all of a group reads null."""
        nodes = self._sample()
        filled = {
            what: sum(any(node.get(name) for name in names) for node in nodes) for what, names in PROTECTED.items()
        }
        if len(nodes) >= ENOUGH and not any(filled.values()):
            text = f"{', '.join(filled)} of {len(nodes)} customers all read null: is access to protected data approved?"
            raise VendorError(text, permanent=True)
        told = ", ".join(f"{what} {count}" for what, count in filled.items())
        return f"approved; of the first {len(nodes)} customers have one: {told}"

    def _check_clock(self) -> str:
        self.client.read(documents.COUNT)
        return clock_told(self.client.answered_date, self.clock)

    # writing ---------------------------------------------------------------------------------------------------------

    def write(self, change: Change) -> str:
        """One mutation per kind of field, in a fixed order; what fails after the first leaves the effect unknown."""
        refuse_unoffered(self.name, self.capabilities, change)
        if change.action == "erase":
            self.client.write(documents.ERASE, {"id": words.GID.format(change.profile_id)})
            return str(change.profile_id)
        if change.action == "merge":
            merging = self._merging(change)
            merging.write()
            return merging.loser
        steps = self._steps(change)
        payload: dict[str, Any] = {}
        for number, step in enumerate(steps):
            with after_a_write(f"part of the change of {change.profile_id} is written", began=number > 0):
                payload = self.client.write(step.document, step.variables)
        if change.profile_id is not None:
            return change.profile_id
        created = (payload.get("customer") or {}).get(self.ID)
        if not isinstance(created, str):
            raise VendorError(f"{self.name}: Shopify does not say whom it created", permanent=False, effect="unknown")
        return created

    def alike(self, changes: Sequence[Change]) -> Sequence[Change]:
        """Those that are one mutation each, of the kind that most of them are."""
        kinds: defaultdict[str, list[Change]] = defaultdict(list)
        for change in changes:
            with suppress(VendorError):  # what is refused is refused singly, by the same words
                refuse_unoffered(self.name, self.capabilities, change)
                steps = self._steps(change)
                if change.action in TOGETHER and len(steps) == 1:
                    kinds[steps[0].document].append(change)
        return max(kinds.values(), key=len, default=[])

    def write_all(self, changes: Sequence[Change]) -> Mapping[str, VendorError | None]:
        """One bulk operation, one line for each."""
        steps = {change.key: self._steps(change)[0] for change in self.alike(changes)}
        if not steps or len(steps) != len(changes):
            raise VendorError(f"{self.name}: these changes do not go into one bulk operation", permanent=True)
        return Batches(self.name, self.client, self.clock).write(steps)

    def still_writing(self) -> str:
        return Batches(self.name, self.client, self.clock).still_writing()

    def foresee(self, change: Change) -> Foreseen | None:
        """The vendor's preview: who would stay, what stands against it, and what they would hold."""
        refuse_unoffered(self.name, self.capabilities, change)
        return self._merging(change).preview()

    def fate(self, loser: str, survivor: str) -> Fate:
        return merges.Merging(self.client, self.clock, loser, survivor, keeps_email=False).fate()

    def _merging(self, change: Change) -> merges.Merging:
        loser, survivor = change.profile_id or "", change.after[MERGED_INTO] or ""
        found = self.fetch([loser, survivor])
        if gone := [one for one in (loser, survivor) if found.get(one) is None]:
            raise VendorError(f"{self.name}: there is no customer {gone[0]} (deleted or merged?)", permanent=True)
        stays = found[survivor] or {}
        return merges.Merging(self.client, self.clock, loser, survivor, keeps_email=bool(self.view(stays)["email"]))

    def _steps(self, change: Change) -> list[writes.Step]:
        try:
            if change.action == "create":
                return [writes.creation(change, self.settings)]
            return writes.steps(change, self._current(change), self.settings)
        except ValueError as error:
            raise VendorError(f"{self.name}: {error}", permanent=True) from None

    def _current(self, change: Change) -> Record:
        profile_id = change.profile_id or ""
        current = change.current or self.fetch([profile_id]).get(profile_id)
        if current is None:
            raise ValueError(f"there is no customer {profile_id} (deleted or merged?)")
        return current
