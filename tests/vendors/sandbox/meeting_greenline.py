"""How BLAZE Greenline, by the contract that is assumed of it, and its connector meet."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from connectors.sandbox.base import Ledger, Now
from connectors.sandbox.greenline import Account
from connectors.sandbox.server import Request
from tests.vendors.sandbox.meeting import Case, Meeting

CHOICE = {"in": "in", "out": "out", "unknown": "unknown"}


class Greenline(Meeting):
    """Archived customers are listed and come back; keys are static."""

    kind = "greenline"
    page = 100
    entry: ClassVar[Mapping[str, Any]] = {"role": "pos", "region": "CA"}
    unknown_id = "999999"
    goes = "archive"
    unheld = frozenset({"street", "street_2", "city", "region", "postal_code", "country"})
    variants: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "bare": {"single_in_data": False},
        "archived ones always": {"includes_archived": "always"},
        "shared contacts": {"unique_contact": False},
        "the name follows": {"name_follows": True},
        "no retry-after": {"retry_after": False},
        "older host": {"header": "api-key", "second_header": "external-api-auth-token"},
        "slow": {"rate": 1.0},
    }  # what the assumed contract may prove otherwise
    consents: ClassVar[Mapping[str, Mapping[str, str]]] = {"email_consent": CHOICE, "sms_consent": CHOICE}

    def account(self, now: Now, ledger: Ledger, folder: Path, **quirks: Any) -> Account:
        return Account("it", now, ledger, **quirks)

    def is_list(self, request: Request) -> bool:
        return request.path.endswith("/customers") and request.method == "GET"

    def cases(self) -> Sequence[Case]:
        newcomer = {
            "first_name": "Max", "last_name": "Muster", "phone": "+14165550119", "email": "max@example.com",
            "birth_date": "1991-04-05",
        }  # fmt: skip
        whole = {"firstName": "Grace", "name": "Grace Example7"}
        wanted = {"email_consent": "in", "sms_consent": "unknown"}
        return [
            Case("name", "update", {"first_name": "Grace"}, ledger=whole),
            Case("phone", "update", {"phone": "+14165550199"}),
            Case("no phone", "update", {"phone": None}),
            Case("email", "update", {"email": "grace@example.com"}),
            Case("no email", "update", {"email": None}),
            Case("birth date", "update", {"birth_date": "1991-07-31"}, ledger={"birthday": "1991-07-31"}),
            Case("note", "add_note", {"note": "likes tea\nLinked"}, ledger={"notes": "likes tea\nLinked"}),
            Case("opt out of email", "opt_out", {"email_consent": "out"}, wanted, ledger={"marketingEmailOptIn": False}),
            Case("opt out of sms", "opt_out", {"sms_consent": "out"}, wanted, ledger={"marketingSmsOptIn": False}),
            Case("archive", "archive", {"status": "archived"}, ledger={"isArchived": True}),
            Case("restore", "restore", {"status": "active"}, {"status": "archived"}, ledger={"isArchived": False}),
            Case("create", "create", newcomer),
        ]  # fmt: skip


def build() -> Greenline:
    return Greenline()
