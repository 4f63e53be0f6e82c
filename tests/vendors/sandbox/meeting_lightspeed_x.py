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
    variants: ClassVar = {
        "merging put": {"put_semantics": "merge"},
        "zero at the end": {"empty_version": "zero"},
        "cursor at the end": {"empty_version": "cursor"},
        "pages cut short": {"page_size_cap": 2},
        "deleted is 404": {"get_deleted": "404"},
        "codes twice": {"duplicate_customer_code": "accepted"},
        "search by prefix": {"search_match": "prefix"},
        "search lags": {"search_delay": 5.0},
        "null": {"null_style": "null"},
        "empty": {"null_style": "empty"},
        "mixed": {"null_style": "mixed"},
        "clerk at work": {"mutate_during_walk": "bump"},
        "clerk deletes": {"mutate_during_walk": "delete"},
        "sliding window": {"rate_window": "sliding"},
        "no headers": {"rate_window": "bare"},
        "no rotation": {"rotate_refresh": False},
        "no group ids": {"group_ids": "absent"},
        "two group ids": {"group_ids": "more"},
        "group names twice": {"unique_group_names": False},
        "dates stay": {"clear_date": "ignored"},
        "dates refused": {"clear_date": "refused"},
        "personal token": {"personal": True},
    }  # sheet, section 12

    def account(self, now: Now, ledger: Ledger, folder: Path, **quirks: Any) -> Account:
        place = None if quirks.pop("personal", False) else folder
        made = Account("it", now, ledger, token_folder=place, **quirks)
        made.books.add_group("Gold")
        return made

    def is_list(self, request: Request) -> bool:
        return request.path.endswith("/customers") and request.method == "GET"

    def cases(self) -> Sequence[Case]:
        return [
            Case("names", "update", {"first_name": "Augusta", "last_name": "King"}),
            Case("contact", "update", {"email": "augusta@example.com", "phone": "613-555-0142"}),
            Case("address", "update", {"street": "2 Other Rd", "street_2": None, "city": "Elsewhere"}),
            Case("birth date", "update", {"birth_date": "1991-03-04"}),
            Case("in nobody's mail", "update", {"city": "Elsewhere"}, {"email_consent": "out"}),
            Case("group", "update", {"group": "Gold"}, {"group": "Silver", "email_consent": "out"}),
            Case("group alone", "set_group", {"group": "Gold"}),
            Case("no group", "update", {"group": None}, {"group": "Gold"}),
            Case("group and city", "update", {"group": "Gold", "city": "Elsewhere"}),
            Case("note", "add_note", {"note": "likes tea\nand cake"}),
            Case("out", "opt_out", {"email_consent": "out"}),
            Case("create opted out", "create", {"email": "no@example.com", "first_name": "Cy", "email_consent": "out"}),
            Case("create", "create", {"email": "new@example.com", "first_name": "Bo", "phone": "613-555-0188"}),
        ]


def build() -> Meeting:
    return LightspeedXMeeting()
