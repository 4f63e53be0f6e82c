"""X-Series' part in the meeting."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from connectors.sandbox.base import Ledger, Now
from connectors.sandbox.lightspeed_x import Account
from connectors.sandbox.server import Request
from tests.vendors.sandbox.meeting import Case, Meeting


class LightspeedXMeeting(Meeting):
    """One retailer with an app's rotating tokens, in small pages."""

    kind = "lightspeed_x"
    page = 3
    entry: ClassVar = {"role": "pos", "region": "CA", "page_size": 3}
    unknown_id = "0adf0000-0000-11f0-aaaa-00000000dead"
    goes = "delete"
    rotates = True
    unheld = frozenset({"sms_consent"})
    consents: ClassVar = {"email_consent": {"out": "out", "unknown": "unknown", "in": "unknown"}}
    groups = True

    def account(self, now: Now, ledger: Ledger, folder: Path, **quirks: Any) -> Account:
        return Account("it", now, ledger, token_folder=folder, **quirks)

    def is_list(self, request: Request) -> bool:
        return request.path.endswith("/customers") and request.method == "GET"

    def cases(self) -> Sequence[Case]:
        return [
            Case("names", "update", {"first_name": "Augusta", "last_name": "King"}),
            Case("contact", "update", {"email": "augusta@example.com", "phone": "613-555-0142"}),
            Case("address", "update", {"street": "2 Other Rd", "street_2": None, "city": "Elsewhere"}),
            Case("birth date", "update", {"birth_date": "1991-03-04"}),
            Case("in nobody's mail", "update", {"city": "Elsewhere"}, {"email_consent": "out"}),
            Case("note", "add_note", {"note": "likes tea\nand cake"}),
            Case("out", "opt_out", {"email_consent": "out"}),
            Case("create", "create", {"email": "new@example.com", "first_name": "Bo", "phone": "613-555-0188"}),
        ]


def build() -> Meeting:
    return LightspeedXMeeting()
