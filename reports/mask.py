"""Personal values are masked here, before a document is built: what leaves this module may be mailed around.

A mask keeps just enough to tell two values apart by eye and to recognise one that is already known. A field that is not
listed anywhere is masked entirely, so that a new field of a vendor can never leak by being forgotten.
"""

import re
import unicodedata
from collections.abc import Callable

HIDDEN = "***"
NOTHING = "*"

PLAIN = frozenset({
    "action", "age_days", "age_hours", "agreed_on", "apply", "base", "candidates", "channel", "consent",
    "contact_way", "count", "created_at", "days", "dead_id", "direction", "ecom_id", "ecom_source",
    "email_consent", "email_consent_at", "entity", "entity_id", "external_id", "field", "fields", "first_seen",
    "group", "group_name", "has_purchased", "holder", "id", "ids", "key_kind", "kind", "lacks", "last_seen_at",
    "last_visit", "limit", "link", "link_state", "links", "marker", "member", "members", "merged_into", "missing",
    "next", "nights", "order", "origin", "pairing", "policy", "pos_id", "pos_source", "position", "preset",
    "probability", "profile", "profile_id", "profiles", "reason", "replaces", "rule", "rule_id", "rules", "seen",
    "shared_by", "side", "since", "sms_consent", "sms_consent_at", "source", "sources", "state", "status",
    "store", "survivor", "survivor_reason", "tags", "type", "until", "updated_at", "verified", "version",
    "weight", "why", "wins",
})  # fmt: skip
"""Names whose values are not personal: states, counts, rules, times and ids."""

_CONTACT_IN_TEXT = re.compile(
    r"[^\s@<>;,]+@[^\s@<>;,]+|\+\d[\d\s().-]{6,}\d|\(?\b\d{3}\)?[\s.-]{1,2}\d{3}[\s.-]\d{4}\b",
)
_TOP_DOMAIN = re.compile(r"[a-z]{2,6}")
_ISO_DATE = re.compile(r"(\d{4})-\d{2}-\d{2}(?!\d)")


def mask(field: str, value: str | None) -> str:
    """The masked form of one value; '' for none. Total and deterministic.

    `field` may be bare (`phone`), of a profile (`phone@till:123`), of a side (`before.phone`) or a stored link
    (`link:till`). For every field that is not in `PLAIN` the result never contains the value.
    """
    if not value:
        return ""
    name = base_name(field)
    if name in PLAIN:
        return scrub(value)
    bare = value.strip()
    if len(bare) < 2:
        return NOTHING
    masked = _MASKS.get(name, _nothing_shown)(bare)
    return NOTHING if bare.casefold() in masked.casefold() else masked


def base_name(field: str) -> str:
    """What a field is about: `phone` for `phone@till:123`, `before.phone` and `phone`; `link` for `link:till`."""
    return field.partition("@")[0].partition(":")[0].rpartition(".")[2].strip().casefold()


def is_plain(field: str) -> bool:
    """Whether values of this field are shown as they are."""
    return base_name(field) in PLAIN


def scrub(text: str) -> str:
    """Free text with the emails and the spelled phone numbers in it masked; ids and dates stay."""
    return _CONTACT_IN_TEXT.sub(lambda found: _contact(found[0]), text)


def _contact(value: str) -> str:
    return _email(value) if "@" in value else _phone(value)


def _nothing_shown(_: str) -> str:
    return HIDDEN


def _email(value: str) -> str:
    """`g***@ex***.com`: short parts are hidden whole, since their beginning would give them away."""
    local, at, domain = value.casefold().rpartition("@")
    if not at:
        return HIDDEN
    host, dot, top = domain.rpartition(".")
    ending = f".{top}" if dot and _TOP_DOMAIN.fullmatch(top) else ""
    return f"{_beginning(local, 1)}{HIDDEN}@{_beginning(host or domain, 2)}{HIDDEN}{ending}"


def _beginning(text: str, letters: int) -> str:
    shown = text[:letters]
    return shown if len(text) >= letters + 2 and shown.isalnum() else ""


def _phone(value: str) -> str:
    """One star per hidden digit, then the last three; everything else in the field is left out."""
    digits = [c for c in value if c.isdecimal()]
    if len(digits) < 7:
        return HIDDEN
    return "*" * (len(digits) - 3) + "".join(digits[-3:])


def _name(value: str) -> str:
    """`A… (5-8)`: the first letter of each of up to three words, and how long the whole is, roughly."""
    initials = [_initial(word) for word in value.split()[:3]]
    return f"{' '.join(f'{letter}…' for letter in initials)} ({_length_class(value)})"


def _initial(word: str) -> str:
    letter = next((c for c in word if c.isalnum()), "")
    return unicodedata.normalize("NFKD", letter)[:1].upper()[:1]


def _length_class(value: str) -> str:
    size = len(value)
    return "2-4" if size < 5 else "5-8" if size < 9 else "9+"


def _birth_date(value: str) -> str:
    found = _ISO_DATE.match(value)
    return f"{found[1]}-**-**" if found else HIDDEN


def _part_of_address(value: str) -> str:
    """The first letter only: a house number is hidden, and so is what distinguishes a postal code."""
    return f"{_initial(''.join(c for c in value if c.isalpha()))}… ({_length_class(value)})"


def _note(value: str) -> str:
    return f"{HIDDEN} ({len(value)} characters)"


_MASKS: dict[str, Callable[[str], str]] = {
    **dict.fromkeys(("first_name", "last_name", "full_name", "name", "nickname", "company"), _name),
    **dict.fromkeys(("phone", "phone_2", "phone_raw", "mobile", "home_phone", "e164", "phone_key"), _phone),
    **dict.fromkeys(("email", "email_2", "email_key"), _email),
    **dict.fromkeys(
        ("address", "street", "street_2", "city", "region", "postal_code", "country"),
        _part_of_address,
    ),
    "birth_date": _birth_date,
    "note": _note,
}
