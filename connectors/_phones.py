"""Phone numbers in vendors' free text: compared as numbers, and looked up in the spellings that people type (G3)."""

import re
from typing import Any

import phonenumbers
from phonenumbers import PhoneNumberFormat


def is_number(raw: Any, wanted: str, region: str) -> bool:
    """Whether a text, in a source of that region, is the number `wanted` (E.164)."""
    # Parsing is slow: only a text whose digits end alike is worth it.
    if not isinstance(raw, str) or not re.sub(r"\D", "", raw).endswith(wanted[-7:]):
        return False
    try:
        parsed = phonenumbers.parse(raw, region)
    except phonenumbers.NumberParseException:
        return False
    return bool(phonenumbers.format_number(parsed, PhoneNumberFormat.E164) == wanted)


def home_digits(number: str) -> str:
    """The digits of a number (E.164) as it is dialled at home: those that every spelling of it has."""
    try:
        return str(phonenumbers.national_significant_number(phonenumbers.parse(number, None)))
    except phonenumbers.NumberParseException:
        return re.sub(r"\D", "", number)


def spellings(number: str) -> list[str]:
    """A number (E.164) as searches may know it: international, digits alone, and as it is dialled at home."""
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return [number]
    home = phonenumbers.format_number(parsed, PhoneNumberFormat.NATIONAL)
    found = [number, re.sub(r"\D", "", home), home, re.sub(r"\D+", "-", home).strip("-")]
    return list(dict.fromkeys(found))
