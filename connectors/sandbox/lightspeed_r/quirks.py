"""What a real R-Series account may prove otherwise: each thing that the sheet assumes or leaves open, as a switch.

Sheet section 13, and the open points of sections 3, 6, 7 and 9.
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Quirks:
    """The switches; given to `Account` by name."""

    account_id: int = 1
    account_time_zone: str = "America/Toronto"
    """Birth dates are kept as midnight of this zone; east of UTC their UTC date is a day early (section 9)."""
    sentinel: str = "SENTINEL"
    """Woven into a licence custom field and the VAT number of everybody, so that a test can look on disk (G11)."""
    contact_list_semantics: Literal["merge", "replace"] = "merge"
    """Whether a nested list that is written keeps the slots that it does not name."""
    empty_phones_write: Literal["keep", "clear"] = "keep"
    """What `"Phones":""` does, and likewise for the other lists of `Contact`."""
    contact_bumps_customer_timestamp: bool = False
    """Whether a change of contact, note, tags or custom fields moves `Customer.timeStamp`."""
    consent_default_on_create: bool = True
    """What noEmail, noPhone and noMail are on a new customer; true is: do not contact."""
    put_answer: Literal["stale", "fresh"] = "stale"
    unarchive_restores_credit_account: bool = False
    single_as_object: bool = True
    top_level_none: Literal["absent", "empty"] = "absent"
    tags_shape: Literal["tag", "Tag"] = "tag"
    """`{"tag": [name, ...]}` or `{"Tag": [{"name": name}, ...]}`; the other one is ignored as any unknown key."""
    tags_write: Literal["replace", "add"] = "replace"
    error_content_type: Literal["text/html", "application/json"] = "text/html"
    costs: Literal["2026", "old"] = "2026"
    expires_in: int = 3600
    refresh_revokes_old: Literal["first_use", "at_once"] = "first_use"
    archive_parameter: Literal["ignored", "honoured"] = "ignored"
    """`archive=1`, which one page of the vendor names instead of `archived=true`."""
    full_page_names_next: bool = False
    """Whether an exactly full last page names one more, which is then empty."""
    merge_leaves: Literal["archived", "deleted"] = "archived"
    required_on_create: tuple[str, ...] = ()
    all_relations_fail: bool = False
    """Whether `load_relations=all` ends in 500."""
    registers: int = 1
    burst: int = 20
    """Calls in one second."""
    header_case: Literal["documented", "lower"] = "documented"
