"""Treez (SellTreez): the customers of one store, over the v3 Dispensary API or the older v2.

There is no list of all customers: the feed of changes since long ago is read page by page. It offers no total and does
not show deactivated profiles (`lists_gone`), and profiles that change meanwhile move to its end (sheet: Listing).
"""

import re
from collections.abc import Generator, Iterator, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar, Literal
from urllib.parse import quote, urlencode

from connectors import _treez_words as words
from connectors._guard import checked, clock_told, listed, refuse_unoffered
from connectors._shaping import text
from connectors._treez_access import LIFE_MS, Access, Exchanged, Signed
from connectors.base import (
    MERGED_INTO,
    Action,
    Capabilities,
    Change,
    CheckLine,
    Connector,
    Evidence,
    Fate,
    Page,
    ProofName,
    Record,
    Secret,
    VendorError,
)
from connectors.http import Http
from connectors.pace import Limit
from connectors.seen import Seen

PREFIX = {"v3": "/dispensary/v3/{dispensary}", "v2": "/v2.0/dispensary/{dispensary}"}
PAGE_SIZE = 50
"""The vendor's maximum."""
SINCE = "1990-01-01T00:00:00.000+00:00"
LIMIT = Limit(10.0)
"""Calls per second of v2; assumed for v3, which shows one without its window."""
MERGE = "/customer/merge"
UPDATE, CREATE = "/customer/update/{id}", "/customer/detailcustomer"
"""Assumed for v2, whose own paths are not known; its full-replace POST is never used."""
PASSES = 3
"""How often a list that moves while it is read is read, before its pages count as not contiguous."""
NOBODY = frozenset({"CUSTOMER_DOESNT_EXIST", "NOT_FOUND"})
REFUSED = {
    "DUPLICATED_CUSTOMER_PHONE": "the phone is on another Treez profile: free it there first (C4)",
    "DUPLICATED_CUSTOMER_EMAIL": "the email is on another Treez profile: free it there first (C4)",
    "DRIVER_LICENSE_DUPLICATION": "the licence is on another Treez profile: a person must look at both",
    "DRIVER_LICENSE_EXPIRATION_CANNOT_BE_NULL": "the store asks for a licence's expiry: a person adds it in the POS",
    "RESPONSE_LIMIT_EXCEEDS": "the page is too long for this vendor",
}

NAMED = frozenset({"MODEL_VALIDATION_FAIL", "INVALID_DATE_FORMAT", *NOBODY})
"""Reasons that say enough by themselves; any other may hold somebody's name."""


class RefusedError(VendorError):
    """Treez answered that it did not do it."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message, permanent=True, status=status)


class Treez(Connector):
    """One store. MERGED is the profile that survived a merge, and active; DEACTIVATED is gone."""

    kind = "treez"
    FIELDS = words.FIELDS
    ID = "customer_id"
    DROPPED = words.DROPPED
    REQUIRED_PROOFS: ClassVar[frozenset[ProofName]] = frozenset(
        {"end_mark", "pages_contiguous", "no_repeats", "same_contract", "shrink", "canaries"}
    )
    EXPORT_CONTRACT = 2
    MERGE_STEPS: ClassVar[Sequence[str]] = (
        "In Treez open the profile that stays, and merge the other into it. The portal calls it permanent.",
        "What stays filled is kept, gaps are filled from the other, and rewards are added up: look at the sum after.",
        "Licence number and its expiry may have to be entered anew.",
    )
    Settings = words.TreezSettings
    settings: words.TreezSettings

    @cached_property
    def http(self) -> Http:
        share = self.settings.rate_share
        secrets = [_revealed(self.settings.private_key), _revealed(self.settings.api_key)]
        secrets += [_revealed(self.settings.client_id)]
        return Http(self.name, self.settings.base_url, self.clock, limit=LIMIT, share=share, secrets=secrets)

    @cached_property
    def access(self) -> Access:
        wanted = self.settings
        if wanted.api == "v2":
            return Exchanged(
                self.http, self.clock, f"{self._prefix}/config/api/gettokens",
                client_id=_revealed(wanted.client_id), api_key=_revealed(wanted.api_key),
                bearer=wanted.v2_header == "bearer",
            )  # fmt: skip
        return Signed(
            self.http, self.clock, pem=_revealed(wanted.private_key),
            certificate_id=str(wanted.certificate_id), organization_id=str(wanted.organization_id),
        )  # fmt: skip

    @cached_property
    def words(self) -> words.Words:
        return words.Words(self.settings)

    @property
    def capabilities(self) -> Capabilities:
        """An opt-out is offered only where the flag's meaning is proven; one that unticks it then reads unknown (G9)."""
        actions: set[Action] = {"update", "create", "add_note"}
        if self.settings.opt_out_means != "unproven":
            actions.add("opt_out")
        if self.settings.merges and self.settings.api == "v3":
            actions.add("merge")
        return Capabilities(
            actions=frozenset(actions if self.settings.writes else ()),
            fields=frozenset(words.OWN_KEYS.keys() | words.ADDRESS_KEYS.keys()),
            consent=frozenset({"email"}),
            silent_outs=frozenset({"email"} if self.settings.opt_out_means == "in" else ()),
            unique=frozenset({"phone", "email"}),
            required=("first_name", "last_name", "birth_date"),
            balances=frozenset({"points"}),
            lists_gone=False,
        )

    # reading ---------------------------------------------------------------------------------------------------------

    def pages(self, evidence: Evidence, cursor: str | None = None) -> Iterator[Page]:
        """Every listed customer once; a list that moved is read again, for whoever was pushed over a page's edge."""
        evidence.end_mark, evidence.pages_contiguous = False, True
        evidence.contract = {"account": self.settings.dispensary, "api": self.settings.api, "since": SINCE,
                             "opt_out": self.settings.opt_out_means}  # fmt: skip
        first, seen = self._first_page(), Seen()
        evidence.notes.append(f"the first page is number {first}")
        for _ in range(PASSES):
            moved = yield from self._pass(first, seen, evidence)
            if not moved:
                break
            evidence.notes.append(f"{moved} profiles moved while the list was read")
        else:
            evidence.pages_contiguous = False
            evidence.notes.append(f"the list never stood still in {PASSES} readings")
        evidence.end_mark = True

    def fetch(self, ids: Sequence[str]) -> dict[str, Record | None]:
        """One call per customer; deactivated ones are answered too."""
        found = {profile_id: self._raw(profile_id) for profile_id in ids}
        return {profile_id: None if row is None else self.words.landed(row) for profile_id, row in found.items()}

    def find(self, field_name: Literal["phone", "email", "key"], value: str) -> list[Record]:
        """By phone or email. Treez keeps no reference of ours, so by key nobody is found."""
        if field_name == "phone":
            value = re.sub(r"\D", "", value)[-10:]
        if field_name == "key" or not value:
            return []
        rows = _rows(self._call("GET", f"/customer/{field_name}/{quote(value, safe='')}"))
        return [self.words.landed(row) for row in rows]

    def view(self, record: Record) -> dict[str, str | None]:
        return words.view(record)

    def _pass(self, first: int, seen: Seen, evidence: Evidence) -> Generator[Page, None, int]:
        """Reads to an empty page; returns how many profiles showed up twice on the way."""
        here, number, moved, last_full, stale = Seen(), first, 0, False, 0
        while True:
            rows = self._page(number)
            if not rows and not (last_full and self._page(number + 1)):
                return moved
            if not rows:
                evidence.pages_contiguous = False
                evidence.notes.append(f"page {number} is empty, and page {number + 1} is not")
            ids = [one for row in rows if isinstance(one := text(row.get("customer_id")), str) and one]
            stale = stale + 1 if rows and all(one in here for one in ids) else 0
            if stale > 1:
                raise VendorError(f"{self.name}: Treez's list repeats itself at page {number}", permanent=False)
            moved += sum(one in here for one in ids)
            here.add(ids)
            if kept := [self.words.landed(row) for row in rows if _is_new(row, seen)]:
                yield Page(kept)
            last_full, number = len(rows) >= PAGE_SIZE, number + 1

    def _page(self, number: int) -> list[dict[str, Any]]:
        after = quote(SINCE, safe="")
        return _rows(self._call("GET", f"/customer/lastUpdated/after/{after}/page/{number}/pagesize/{PAGE_SIZE}"))

    def _first_page(self) -> int:
        """Clients disagree on the number of the first page (sheet: Listing)."""
        if self.settings.first_page != "ask":
            return self.settings.first_page
        try:
            zero = self._page(0)
        except RefusedError:
            return 1
        one = self._page(1)
        same = [row.get("customer_id") for row in zero] == [row.get("customer_id") for row in one]
        return 1 if same or not zero else 0

    def _raw(self, profile_id: str) -> dict[str, Any] | None:
        rows = _rows(self._call("GET", f"/customer/{quote(profile_id, safe='')}"))
        if rows and text(rows[0].get("customer_id")) != profile_id:
            raise VendorError(f"{self.name}: Treez answered another profile than {profile_id}", permanent=False)
        return rows[0] if rows else None

    def _call(self, method: str, path: str, body: Any = None, *, bare: bool = False) -> Any:
        """The `data` of one answer; None where Treez knows nobody. The envelope counts, not the status alone.

        `bare`: a success comes without an envelope.
        """
        reply = self.access.send(method, f"{self._prefix}{path}", json=body, ok=(200, 201, 400, 404, 409, 422))
        effect: Literal["none", "unknown"] = "unknown" if method != "GET" and reply.status < 300 else "none"
        try:
            answer = reply.json()
        except VendorError as error:
            raise VendorError(
                str(error), permanent=400 <= reply.status < 500, status=reply.status, effect=effect
            ) from None
        code = answer.get("resultCode") if isinstance(answer, dict) else None
        if code == "SUCCESS":
            return answer.get("data")
        if bare and reply.status < 300 and isinstance(answer, dict) and code is None:
            return answer
        if code != "FAIL":
            what = f"{reply.where} answered {reply.status} without Treez's envelope: check base_url and the clock"
            raise VendorError(what, permanent=reply.status >= 400, status=reply.status, effect=effect)
        reason = str(answer.get("resultReason"))
        if reason in NOBODY and method == "GET":
            return None
        told = REFUSED.get(reason) or f"{listed(reason, NAMED) or 'the vendor refused it'} ({reply.status})"
        raise RefusedError(f"{reply.where} is refused: {told}", reply.status)

    @property
    def _prefix(self) -> str:
        return PREFIX[self.settings.api].format(dispensary=self.settings.dispensary)

    # checking --------------------------------------------------------------------------------------------------------

    def check(self) -> list[CheckLine]:
        lines = [checked("customers", self._check_customers)]
        if self.settings.api == "v3":
            lines.append(checked("scopes", self._check_permissions))
        lines.append(checked("clock", self._check_clock))
        meaning = f"`opt_out: true` means: {self.settings.opt_out_means}"
        return [*lines, CheckLine("consent", ok=True, detail=meaning)]

    def _check_customers(self) -> str:
        first = self._first_page()
        return f"{len(self._page(first))} on the first page, which has number {first}"

    def _check_permissions(self) -> str:
        """From the vendor's own check of a token; it is not a write."""
        query = urlencode({"targetPath": f"{self._prefix}/customer", "dispensaryName": self.settings.dispensary})
        reply = self.access.send("POST", f"/service/jwt-validation?{query}", retry=True, ok=(200, 400, 403, 404))
        if reply.status != 200:
            return "the vendor does not say"
        granted = {word for word in _strings(reply.json()) if word.startswith("api_")}
        wanted = {"api_customer::read"} | ({"api_customer::write"} if self.settings.writes else set())
        wanted |= {"api_customer::merge"} if "merge" in self.capabilities.actions else set()
        if granted and wanted - granted:
            missing = ", ".join(sorted(wanted - granted))
            raise VendorError(f"{missing} is not granted: ask the vendor for it", permanent=True)
        return ", ".join(sorted(granted)) or "the vendor does not say"

    def _check_clock(self) -> str:
        """A token is made at our time and lives half a minute of the vendor's; a refusal tells the time as well."""
        reply = self.access.send("GET", f"{self._prefix}/customer/0", ok=(200, 400, 401, 403, 404))
        return clock_told(reply.headers.get("Date"), self.clock, within_s=LIFE_MS / 2000)

    # writing ---------------------------------------------------------------------------------------------------------

    def write(self, change: Change) -> str:
        """PATCH of the changed fields and of those that Treez always wants; never the full-replace update of v2."""
        refuse_unoffered(self.name, self.capabilities, change)
        if change.action == "create":
            after = {name: value for name, value in change.after.items() if value}
            made = _rows(self._call("POST", CREATE, self.words.written(after, {})))
            if not made or made[0].get("customer_id") is None:
                what = f"{self.name}: Treez names no id for the profile that it made: look for it by phone and email"
                raise VendorError(what, permanent=True, effect="unknown")
            return str(made[0]["customer_id"])
        assert change.profile_id is not None
        if change.action == "merge":
            return self._merge(change.profile_id, change)
        body = self.words.written(change.after, self._writable(change.profile_id, change))
        self._call("PATCH", UPDATE.format(id=quote(change.profile_id, safe="")), body)
        return change.profile_id

    def _merge(self, loser: str, change: Change) -> str:
        """The answer is a bare record that does not say whose, so `fate` reads what came of it. There is no way back."""
        survivor = change.after[MERGED_INTO] or ""
        for profile_id in (loser, survivor):
            self._writable(profile_id, change)
        sides = {"sourceCustomerId": loser, "destinationCustomerId": survivor}
        self._call("POST", MERGE, sides, bare=True)
        return loser

    def fate(self, loser: str, survivor: str) -> Fate:
        row = self._raw(loser)
        if row is None:
            return "elsewhere"
        if row.get("status") != "DEACTIVATED":
            return "apart"
        return "done" if words.filled(text(row.get("merged_into_customer_id"))) == survivor else "elsewhere"

    def _writable(self, profile_id: str, change: Change) -> dict[str, Any]:
        """The profile as it is now. Raises VendorError when it is gone, or its note is no longer what was judged."""
        fresh, why = self._raw(profile_id), ""
        if fresh is None:
            why = "is not known to Treez"
        elif fresh.get("status") == "DEACTIVATED":
            why = "is deactivated or merged away: a person must renew it in the POS (T3)"
        elif "note" in change.after and words.filled(fresh.get("notes")) != change.before.get("note"):
            why = "has another note by now: nothing is written over it"
        if fresh is None or why:
            raise VendorError(f"{self.name}: profile {profile_id} {why}", permanent=True)
        return fresh


def _rows(data: Any) -> list[dict[str, Any]]:
    """The vendor answers a list, one object, or null. Raises VendorError for anything else."""
    rows = [] if data is None else data if isinstance(data, list) else [data]
    if not all(isinstance(row, dict) for row in rows):
        raise VendorError("Treez answered something else than customers: try again later", permanent=False)
    return rows


def _is_new(row: dict[str, Any], seen: Seen) -> bool:
    """Whether to hand a row on: a profile that was handed on before and only moved is not; one grown older is."""
    profile_id, stamp = text(row.get("customer_id")), str(row.get("last_update"))
    if not isinstance(profile_id, str) or not profile_id:
        return True  # landing counts who has no id that can be read
    known = seen.stamp(profile_id)
    if known is None:
        seen.note(profile_id, stamp)
    return known is None or not (stamp == known or _moment(stamp) > _moment(known))


def _moment(stamp: str) -> float:
    try:
        return datetime.fromisoformat(stamp).timestamp()
    except ValueError:
        return 0.0


def _strings(tree: Any) -> set[str]:
    if isinstance(tree, dict):
        tree = list(tree.values())
    if isinstance(tree, list):
        return set().union(*map(_strings, tree))
    return {tree} if isinstance(tree, str) else set()


def _revealed(secret: Secret | str | None) -> str:
    return secret.reveal().get_secret_value() if isinstance(secret, Secret) else secret or ""
