"""Ecwid's part in the meeting."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from connectors.sandbox.base import Ledger, Now
from connectors.sandbox.ecwid import Account
from connectors.sandbox.server import Request
from tests.vendors.sandbox.meeting import Case, Meeting


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

    def account(self, now: Now, ledger: Ledger, folder: Path, **quirks: Any) -> Account:
        return Account("it", now, ledger, **quirks)

    def is_list(self, request: Request) -> bool:
        return request.path.endswith("/customers") and request.method == "GET" and "sortBy" in request.query

    def gone_view(self, before: Mapping[str, Any]) -> Mapping[str, Any]:
        return dict.fromkeys(("email", "phone", "first_name", "group")) | {"status": "deleted"}

    def cases(self) -> Sequence[Case]:
        return [
            Case("names", "update", {"first_name": "Augusta", "last_name": "King Noel"}),
            Case("address", "update", {"street": "2 Other Rd", "street_2": None, "city": "Elsewhere"}),
            Case("note", "add_note", {"note": "likes tea\nand cake"}),
            Case("out", "opt_out", {"email_consent": "out"}, {"email_consent": "in"}),
            Case("out of unknown", "opt_out", {"email_consent": "out"}),
            Case("create", "create", {"email": "new@example.com", "first_name": "Bo", "phone": "+16135550188"}),
        ]


def build() -> Meeting:
    return EcwidMeeting()
