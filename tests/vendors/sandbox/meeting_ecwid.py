"""Ecwid's part in the meeting."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from connectors.sandbox.base import Ledger, Now
from connectors.sandbox.ecwid import Account
from connectors.sandbox.server import Request
from tests.vendors.sandbox.meeting import Case, Meeting

OLD_EMAIL, NEW_EMAIL, OLD_PHONE, NEW_PHONE = "ada7@example.com", "augusta@example.com", "613-555-0107", "613-555-0142"


def phone(number: str, at: int = 1) -> tuple[int, str, str, bool]:
    """A default contact as the ledger has it; `at`: the first contact of the account, or the second."""
    return 800_000_000 + at, "PHONE", number, True


def email(address: str, at: int = 1) -> tuple[int, str, str, bool]:
    return 800_000_000 + at, "EMAIL", address, True


class EcwidMeeting(Meeting):
    """One store. A deleted customer is an id alone."""

    kind = "ecwid"
    page = 100
    entry: ClassVar = {"role": "ecom", "region": "CA"}
    unknown_id = "999999999"
    goes = "delete"
    unheld = frozenset({"birth_date", "sms_consent"})
    consents: ClassVar = {"email_consent": {"in": "in", "out": "out", "unknown": "unknown"}}
    groups = True
    variants: ClassVar = {
        "null refused": {"null_means": "refused"},
        "empty email": {"empty_email": "accepted"},
        "emails follow": {"email_coupling": "both"},
        "emails apart": {"email_coupling": "none"},
        "email as typed": {"fold_email": False},
        "phone as text": {"phone_match": "text"},
        "phone in contacts": {"phone_place": "contact"},
        "phone of the person": {"phone_place": "billing"},
        "unknown absent": {"consent_unknown": "absent"},
        "unknown null": {"consent_unknown": "null"},
        "paid orders": {"stats_count": "paid"},
        "group names once": {"unique_group_names": True},
        "addresses in order": {"shuffle_addresses": False},
        "reason phrase": {"error_style": "reason"},
        "bare": {"error_style": "bare"},
        "hundred by default": {"default_limit": 100},
        "no lag": {"search_lag": 0.0},
    }

    def account(self, now: Now, ledger: Ledger, folder: Path, **quirks: Any) -> Account:
        made = Account("it", now, ledger, **quirks)
        made.books.add_group("Gold")
        return made

    def is_list(self, request: Request) -> bool:
        return request.path.endswith("/customers") and request.method == "GET" and "sortBy" in request.query

    def gone_view(self, before: Mapping[str, Any]) -> Mapping[str, Any]:
        return dict.fromkeys(("email", "phone", "first_name", "group")) | {"status": "deleted"}

    def cases(self) -> Sequence[Case]:
        return [
            Case("names", "update", {"first_name": "Augusta", "last_name": "King Noel"}),
            Case("address", "update", {"street": "2 Other Rd", "street_2": None, "city": "Elsewhere"}),
            Case("email", "update", {"email": NEW_EMAIL},
                 ledger={"email": NEW_EMAIL, "contacts": [phone(OLD_PHONE), email(NEW_EMAIL, at=2)]}),
            Case("phone", "update", {"phone": NEW_PHONE},
                 ledger={"phone": NEW_PHONE, "contacts": [email(OLD_EMAIL, at=2), phone(NEW_PHONE)]}),
            Case("no phone", "update", {"phone": None},
                 ledger={"phone": None, "billing_phone": None, "contacts": [email(OLD_EMAIL, at=2)]}),
            Case("first phone", "update", {"phone": NEW_PHONE}, {"phone": None},
                 ledger={"phone": NEW_PHONE, "contacts": [email(OLD_EMAIL), phone(NEW_PHONE, at=2)]}),
            Case("group", "update", {"group": "Gold"}, {"group": "Silver", "email_consent": "out"}),
            Case("group alone", "set_group", {"group": "Gold"}),
            Case("no group", "update", {"group": None}, {"group": "Gold"}),
            Case("note", "add_note", {"note": "likes tea\nand cake"}),
            Case("out", "opt_out", {"email_consent": "out"}, {"email_consent": "in"}),
            Case("out of unknown", "opt_out", {"email_consent": "out"}),
            Case("create opted out", "create", {"email": "no@example.com", "first_name": "Cy", "email_consent": "out"}),
            Case("create", "create", {"email": "new@example.com", "first_name": "Bo", "phone": "+16135550188"}),
        ]  # fmt: skip


def build() -> Meeting:
    return EcwidMeeting()
