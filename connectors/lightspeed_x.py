"""Lightspeed Retail X-Series (formerly Vend): the customers of one retailer, over API 2.0 or a dated version.

The list is walked by version, the vendor's one counter of changes: a customer who changes meanwhile comes again at its
end. An update may replace the customer, so it always sends the whole of it (sheet: Write). Deleted is for good (M13).
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar, Literal
from urllib.parse import urlsplit

from connectors import _lightspeed_x_words as words
from connectors._guard import checked, clock_told, refuse_unoffered
from connectors._lightspeed_x_access import Access, Personal, Rotating
from connectors._lightspeed_x_client import CUSTOMERS, RETAILER, WINDOW_S, Client, metered
from connectors._lightspeed_x_writes import Writes
from connectors.base import (
    BALANCES,
    Action,
    Capabilities,
    Change,
    CheckLine,
    Connector,
    Evidence,
    Page,
    ProofName,
    Record,
    Secret,
    VendorError,
)
from connectors.consent import Consent
from connectors.http import Http
from connectors.pace import Limit
from connectors.seen import Seen
from connectors.tokens import TokenFile

ATTEMPTS = 14
"""A 429 may come without Retry-After; waits must outlast one window then."""
NEEDED = ("id", "version", "do_not_email")
"""What every customer must hold: an expired version is answered in silence by another one."""


class LightspeedX(Connector):
    """One retailer."""

    kind = "lightspeed_x"
    FIELDS = words.FIELDS
    DROPPED = words.DROPPED
    REQUIRED_PROOFS: ClassVar[frozenset[ProofName]] = frozenset(
        {"end_mark", "pages_contiguous", "no_repeats", "same_contract", "shrink", "canaries"}
    )
    EXPORT_CONTRACT = 2
    MERGE_STEPS: ClassVar[Sequence[str]] = (
        "In the back office merge the other customer into the one who stays: sales, store credit, loyalty and what is on "
        "account go along. No API does it.",
        "Where the merge is not offered, because an integration uses the customer API: take the phone and the email off the "
        "other customer. Never delete who has a balance, points or credit (G11).",
    )
    Settings = words.LightspeedXSettings
    settings: words.LightspeedXSettings

    @cached_property
    def http(self) -> Http:
        limit, share = Limit.within(300 * self.settings.registers + 50, WINDOW_S), self.settings.rate_share
        secrets = [_revealed(one) for one in (self.settings.token, self.settings.client_secret)]
        root = str(self.settings.base_url).rstrip("/")
        return Http(
            self.name, root, self.clock, limit=limit, share=share, meter=metered, attempts=ATTEMPTS, secrets=secrets
        )

    @cached_property
    def access(self) -> Access:
        """The way in. An app that is not authorised yet: `access.authorise(code, redirect_uri)`."""
        wanted = self.settings
        if wanted.tokens is None:
            return Personal(self.http, _revealed(wanted.token))
        return Rotating(
            self.http, self.clock, TokenFile(wanted.tokens.file), urlsplit(str(wanted.base_url)).hostname or "",
            client_id=str(wanted.client_id), client_secret=_revealed(wanted.client_secret),
        )  # fmt: skip

    @cached_property
    def client(self) -> Client:
        return Client(self.name, self.access, self.settings)

    @property
    def capabilities(self) -> Capabilities:
        """No archive: a delete cannot be undone, and takes balances with it (G11)."""
        actions: set[Action] = {"update", "create", "add_note", "opt_out", "set_group"}
        return Capabilities(
            actions=frozenset(actions if self.settings.writes else ()),
            fields=frozenset({*words.OWN_KEYS, "group"}),
            consent=frozenset({"email", "sms"} if self.settings.sms else {"email"}),
            silent_outs=frozenset({"sms"} if self.settings.sms and self.settings.sms_false == "unknown" else ()),
            balances=frozenset(BALANCES),
        )

    def consent(self) -> Consent:
        wanted = self.settings
        if wanted.client_id is None or wanted.redirect_uri is None:
            missing = "redirect_uri, the address that the app is registered with"
            what = "a personal token needs no consent" if wanted.client_id is None else f"write {missing}"
            raise VendorError(f"{self.name}: {what}", permanent=True)
        if wanted.client_secret is not None:
            wanted.client_secret.reveal()  # a place without a secret is told before anybody agrees
        scopes = ("customers:read", *(["customers:write"] if wanted.writes else []), "retailer:read")
        return Consent(wanted.consent_page, wanted.client_id, scopes, "ten minutes", wanted.redirect_uri)

    def consented(self, code: str) -> str:
        assert isinstance(self.access, Rotating)
        self.access.authorise(code, str(self.settings.redirect_uri))
        return self.access.lasts()

    # reading ---------------------------------------------------------------------------------------------------------

    def pages(self, evidence: Evidence, cursor: str | None = None) -> Iterator[Page]:
        """Every customer once, deleted ones included, in the order of versions, until an empty page, asked for twice.

        Who changes while the list is read comes again at its end: kept is the state that was read first.
        """
        evidence.end_mark, evidence.pages_contiguous = False, True
        evidence.contract = self._contract()
        self.client.groups()
        seen, again, walk_ins, several = Seen(), 0, 0, 0
        for rows in self.client.walk(CUSTOMERS, evidence):
            kept = [row for row in rows if not words.is_walk_in(row, self.settings)]
            fresh = [row for row in kept if not isinstance(row.get("id"), str) or row["id"] not in seen]
            walk_ins, again = walk_ins + len(rows) - len(kept), again + len(kept) - len(fresh)
            several += sum(_is_in_several(row) for row in fresh)
            seen.add(row["id"] for row in fresh if isinstance(row.get("id"), str))
            if fresh:
                yield Page([self._landed(row) for row in fresh])
        evidence.end_mark = True
        told = {"walk-in records were left out": walk_ins, "changed while the list was read": again,
                "customers are in several groups, or in another than they say (X3)": several}  # fmt: skip
        evidence.notes += [f"{count} {what}" for what, count in told.items() if count]

    def fetch(self, ids: Sequence[str]) -> dict[str, Record | None]:
        """One call per customer. Whether a deleted one is answered or is a 404 is not known: both are taken."""
        found = {profile_id: self.client.one(profile_id) for profile_id in ids}
        return {profile_id: None if row is None else self._landed(row) for profile_id, row in found.items()}

    def find(self, field_name: Literal["phone", "email", "key"], value: str) -> list[Record]:
        """By search, and compared here. A code that we gave finds one whom we created."""
        rows = self.client.found(field_name, value)
        return [self._landed(row) for row in rows if not words.is_walk_in(row, self.settings)]

    def view(self, record: Record) -> dict[str, str | None]:
        return words.view(record)

    def _landed(self, row: Mapping[str, Any]) -> dict[str, Any]:
        return words.landed(row, self.client.group_name(row.get("customer_group_id")), self.settings)

    def _contract(self) -> dict[str, str]:
        return {
            "account": urlsplit(str(self.settings.base_url)).hostname or "",
            "version": self.settings.api_version,
            "do_not_email_false": self.settings.do_not_email_false,
            "sms": f"{self.settings.sms}, {self.settings.sms_false}",
            "no_group": self.settings.no_group,
            "walk_ins": ", ".join(self.settings.walk_in_codes),
        }

    # checking --------------------------------------------------------------------------------------------------------

    def check(self) -> list[CheckLine]:
        lines = [
            checked("token", self._check_token),
            checked("customers", self._check_customers),
            checked("retailer", self._check_retailer),
            checked("groups", self._check_groups),
            checked("clock", self._check_clock),
        ]
        meaning = f"`do_not_email: false` means: {self.settings.do_not_email_false}"
        return [*lines, CheckLine("consent", ok=True, detail=meaning)]

    def _check_token(self) -> str:
        needed = ["customers:read", *(["customers:write"] if self.settings.writes else [])]
        if missing := self.access.lacks(needed):
            raise VendorError(f"the app was not granted {', '.join(missing)}: authorise it once more", permanent=True)
        return self.access.lasts()

    def _check_customers(self) -> str:
        rows, _ = self.client.page(CUSTOMERS, 0)
        needed = [*NEEDED, *(["enable_promotional_sms"] if self.settings.sms else [])]
        if missing := sorted({name for row in rows for name in needed if name not in row}):
            told = (
                f"customers come without {', '.join(missing)}: is version {self.settings.api_version} still answered?"
            )
            raise VendorError(told, permanent=True)
        return f"{len(rows)} on the first page, version {self.settings.api_version} asked for"

    def _check_retailer(self) -> str:
        reply = self.client.get(RETAILER, {}, (200, 403, 404))
        answer = reply.json() if reply.status == 200 else {}
        data = answer.get("data", answer) if isinstance(answer, dict) else {}
        name = data.get("name") if isinstance(data, dict) else None
        return str(name) if name else "not shown to this token (scope retailer:read)"

    def _check_groups(self) -> str:
        return ", ".join(sorted(self.client.groups().values())) or "none"

    def _check_clock(self) -> str:
        return clock_told(self.client.get(CUSTOMERS, {"page_size": 1}).headers.get("Date"), self.clock)

    # writing ---------------------------------------------------------------------------------------------------------

    def write(self, change: Change) -> str:
        """The whole customer with the changes, then the group by its own call, which touches nothing else."""
        refuse_unoffered(self.name, self.capabilities, change)
        writes = Writes(self.client)
        return writes.create(change) if change.profile_id is None else writes.update(change.profile_id, change)


def _is_in_several(row: Mapping[str, Any]) -> bool:
    groups = row.get("customer_group_ids")
    return isinstance(groups, list) and bool(groups) and groups != [row.get("customer_group_id")]


def _revealed(secret: Secret | None) -> str:
    return "" if secret is None else secret.reveal().get_secret_value()
