"""Personal values are masked here, before a document is built: what leaves this module may be mailed around.

A mask keeps just enough to tell two values apart by eye and to recognise one that is already known. A field that is not
listed anywhere is masked entirely, so that a new field of a vendor can never leak by being forgotten.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

HIDDEN = "***"
NOTHING = "*"

PLAIN = frozenset({
    "action", "age_days", "age_hours", "agreed_on", "also", "apply", "base", "candidates", "channel", "consent",
    "contact_way", "count", "created_at", "credit", "days", "days_left", "dead_id", "direction", "due", "ecom_id", "ecom_source",
    "email_consent", "email_consent_at", "entity", "entity_id", "external_id", "field", "fields", "first_seen",
    "group", "group_name", "has_purchased", "holder", "id", "ids", "key_kind", "kind", "lacks", "last_seen_at", "law",
    "last_visit", "limit", "link", "link_state", "links", "marker", "member", "members", "merged_into", "missing",
    "next", "nights", "order", "origin", "pairing", "points", "policy", "pos_id", "pos_source", "position", "preset",
    "probability", "profile", "profile_id", "profiles", "reason", "received", "replaces", "request",
    "rule", "rule_id", "rules", "seen",
    "shared_by", "side", "since", "sms_consent", "sms_consent_at", "source", "sources", "state", "status",
    "store", "survivor", "survivor_reason", "tags", "type", "until", "updated_at", "verified", "version",
    "weight", "why", "wins",
})  # fmt: skip
"""Names whose values are not personal: states, counts, rules, times and ids."""

CONFIGURED = "pattern"
"""What the configuration itself says of placeholders; it is no customer's."""

_CONTACT_IN_TEXT = re.compile(
    r"[^\s@<>;,]+@[^\s@<>;,]+|\+\d[\d\s().-]{6,}\d|\(?\b\d{3}\)?[\s.-]{1,2}\d{3}[\s.-]\d{4}\b",
)
_TOP_DOMAIN = re.compile(r"[a-z]{2,6}")
_ISO_DATE = re.compile(r"(\d{4})-\d{2}-\d{2}(?!\d)")
_DAY = 8
"""Where the day begins in a date such as 1984-03-02."""
_DIALLED = 7
"""A phone has this many digits at least."""
_NORTH_AMERICAN = 11
"""Digits of a number with the country code 1."""
_LONG_ENOUGH = 4
"""One more character of a value as long as this does not give it away."""


def mask(field: str, value: str | None) -> str:
    """The masked form of one value; '' for none. Total and deterministic.

    `field` may be bare (`phone`), of a profile (`phone@till:123`), of a side (`before.phone`) or a stored link
    (`link:till`). For every field that is not in `PLAIN` the result never contains the value.
    """
    if not value:
        return ""
    name = base_name(field)
    if name == CONFIGURED:
        return value
    if name in PLAIN:
        return scrub(value)
    bare = value.strip()
    if len(bare) < 2:
        return NOTHING
    masked = _MASKS.get(name, _nothing_shown)(bare)
    return NOTHING if bare.casefold() in masked.casefold() else masked


def masks(field: str, values: Sequence[str | None]) -> list[str]:
    """The masks of values that stand side by side: two that differ never look the same.

    Where the plain masks of different values are equal, the first place at which they differ is shown as well, or named
    where showing it would give too much away.
    """
    shown = [mask(field, value) for value in values]
    if is_plain(field):
        return shown
    alike: dict[str, list[int]] = defaultdict(list)
    for at, text in enumerate(shown):
        alike[text].append(at)
    for places in alike.values():
        forms = [_form(field, values[at] or "") for at in places]
        if len(set(forms)) > 1:
            for at, form, told in zip(places, forms, _told_apart(base_name(field), forms), strict=True):
                words = f"{shown[at]} {told}"
                bare = (values[at] or "").strip().casefold()
                given_away = len(bare) > 1 and bare in words.casefold()
                shown[at] = NOTHING * (1 + sorted(set(forms)).index(form)) if given_away else words
    return shown


def _form(field: str, value: str) -> str:
    """What two spellings of one value have in common: the digits of a phone without its country code 1, folded text."""
    if _MASKS.get(base_name(field)) is _phone and len(digits := _digits(value)) >= _DIALLED:
        return digits[1:] if len(digits) == _NORTH_AMERICAN and digits[0] == "1" else digits
    return " ".join(unicodedata.normalize("NFKC", value).casefold().split())


def _told_apart(name: str, forms: Sequence[str]) -> list[str]:
    """Per form, in words, what tells it from the others; what then still reads alike gets a number."""
    place = next(at for at, signs in enumerate(_columns(forms)) if len(set(signs)) > 1)
    mild = _MASKS.get(name) in {_phone, _email, _name, _part_of_address} and min(map(len, forms)) >= _LONG_ENOUGH
    what = "digit" if _MASKS.get(name) is _phone else "character"
    if name == "birth_date" and all(_ISO_DATE.match(form) for form in forms):
        return _numbered(forms, [f"(month {form[5:7]})" if place < _DAY else f"(day {form[8:10]})" for form in forms])
    if mild:
        return _numbered(forms, [f"({what} {place + 1}: {form[place : place + 1] or 'none'})" for form in forms])
    return _numbered(forms, [f"(differs in {what} {place + 1})" for _ in forms])


def _columns(forms: Sequence[str]) -> Iterable[tuple[str, ...]]:
    return (tuple(form[at : at + 1] for form in forms) for at in range(max(map(len, forms))))


def _numbered(forms: Sequence[str], told: Sequence[str]) -> list[str]:
    known: dict[str, list[str]] = defaultdict(list)
    for form, text in zip(forms, told, strict=True):
        if form not in known[text]:
            known[text].append(form)
    return [
        text if len(known[text]) == 1 else f"{text[:-1]}, no. {known[text].index(form) + 1})"
        for form, text in zip(forms, told, strict=True)
    ]


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
    """Seven stars and the last three digits: one number looks the same with its country code and without it."""
    digits = _digits(value)
    return HIDDEN if len(digits) < _DIALLED else "*" * 7 + digits[-3:]


def _digits(value: str) -> str:
    return "".join(c for c in value if c.isdecimal())


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
