"""The addresses below a simulated X-Series customer (section 8, versions from 2026-04 on)."""

import re
from collections.abc import Mapping
from typing import Any

from connectors.sandbox.lightspeed_x.writes import RefusedError, screen

LENGTHS = {"address_line_1": 50, "address_line_2": 50, "city": 28, "suburb": 255, "state": 35, "state_code": 8}
FIELDS = (*LENGTHS, "postcode", "country_code", "type")
NEEDED = ("address_line_1", "city", "postcode", "country_code", "type")
WITH_STATES = ("US", "CA")
COUNTRIES = {"CA": "Canada", "US": "United States", "GB": "United Kingdom", "AU": "Australia", "NZ": "New Zealand"}
POSTCODES: Mapping[str, tuple[str, str]] = {
    "CA": (r"[A-Z]\d[A-Z] ?\d[A-Z]\d", "K1A 0B1"),
    "US": (r"\d{5}(-\d{4})?", "12345 or 12345-6789"),
    "GB": (r"[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}", "SW1A 1AA"),
    "AU": (r"\d{4}", "2000"),
    "NZ": (r"\d{4}", "6011"),
}
"""Five of the forty countries that the vendor checks; all others pass."""


def address_of(body: Any) -> dict[str, Any]:
    """A whole address as the body has it: a PUT takes all of it. Raises RefusedError 400."""
    if not isinstance(body, dict):
        raise _wrong("Request body is not an object")
    address: dict[str, Any] = {name: screen(body.get(name)) for name in FIELDS}
    for name in NEEDED:
        if not address[name]:
            raise _wrong(f"{name} is required")
    for name, most in LENGTHS.items():
        if address[name] is not None and (not isinstance(address[name], str) or len(address[name]) > most):
            raise _wrong(f"{name} must be a text of at most {most} characters")
    if address["type"] not in ("BILLING", "SHIPPING"):
        raise _wrong("type must be BILLING or SHIPPING")
    country = address["country_code"]
    if country in WITH_STATES and not address["state_code"]:
        raise _wrong("state_code is required")
    pattern, example = POSTCODES.get(country, (r".*", ""))
    if not re.fullmatch(pattern, str(address["postcode"]).upper()):
        raise _wrong(f"Postal code format is incorrect. Example: {example}")
    return address | {"country_name": COUNTRIES.get(country, country)}


def _wrong(text: str) -> RefusedError:
    return RefusedError(400, {"error": text})
