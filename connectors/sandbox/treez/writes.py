"""What simulated Treez takes in a create or an update, and what it refuses (sheet sections 6, 8 and 9)."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from connectors.sandbox.treez.records import DEFAULTS, EMPTY, Records, look_up_key

WRITABLE = (
    "first_name", "last_name", "birthday", "patient_type", "middle_name", "email", "phone", "notes", "gender",
    "addresses", "drivers_license", "state_medical_id", "permit_expiration", "physician_first_name",
    "physician_last_name", "physician_license", "physician_phone", "is_caregiver", "caregiver_license_number",
    "caregiver_name_1", "caregiver_name_2", "caregiver_details", "rewards_balance", "opt_out", "referral_source",
    "warning_1", "warning_2", "banned", "customer_groups",
)  # fmt: skip
"""Anything else in a body, `status` and `drivers_license_expiration` included, is passed over in silence."""

REQUIRED = ("first_name", "last_name", "birthday", "patient_type")
REQUIRED_MEDICAL = ("state_medical_id", "permit_expiration")
TAKEN = {
    "email": "DUPLICATED_CUSTOMER_EMAIL",
    "phone": "DUPLICATED_CUSTOMER_PHONE",
    "drivers_license": "DRIVER_LICENSE_DUPLICATION",
}
ADDRESS_PARTS = ("type", "street1", "city", "state", "zipcode")
CREATED = {"opt_out": False, "banned": False, "warning_1": False, "warning_2": False, "is_caregiver": False}
OLDEST_YEAR = 1900


class Refused(Exception):
    """An answer in the FAIL envelope: HTTP status, `resultReason` and `resultDetail`."""

    def __init__(self, status: int, reason: str, detail: str | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.detail = detail


def patched(body: Mapping[str, Any]) -> dict[str, Any]:
    """Fields that a PATCH sets: omitted and null ones are kept, "" clears (assumed, section 6)."""
    return {name: _stored(name, body[name]) for name in WRITABLE if body.get(name) is not None}


def replaced(body: Mapping[str, Any]) -> dict[str, Any]:
    """Fields after a v2 POST update: whatever the body leaves out is removed."""
    return {name: _stored(name, "" if body.get(name) is None else body[name]) for name in WRITABLE}


def created(body: Mapping[str, Any]) -> dict[str, Any]:
    """A new customer's fields: never verified, and every flag at its creation default."""
    pending = {"verification_reason": "NEW", "verification_reason_description": "NEW_INTAKE_CUSTOMER"}
    unverified = {"verification_status": "VERIFICATION_PENDING", "verification_reasons": [pending]}
    return CREATED | unverified | patched(body)


def judge(body: Any, records: Records, groups: set[str], current: Mapping[str, Any] | None) -> None:
    """Hold a body against every rule of the store; `current` is None for a create. Raises Refused."""
    if not isinstance(body, dict):
        raise Refused(400, "MODEL_VALIDATION_FAIL", "body: must be an object")
    _required(body)
    _formats(body)
    _addresses(body.get("addresses") or [])
    _groups(body.get("customer_groups") or [], groups)
    _unique(body, records, current)


def _required(body: Mapping[str, Any]) -> None:
    for name in ("first_name", "last_name"):
        if isinstance(body.get(name), str) and not body[name].strip():
            raise Refused(400, f"CUSTOMER_{name.upper()}_BLANK")
    medical = REQUIRED_MEDICAL if body.get("patient_type") == "MEDICAL_MMID" else ()
    missing = [name for name in REQUIRED + medical if body.get(name) in (None, "")]
    if missing:
        raise Refused(400, "MODEL_VALIDATION_FAIL", "\n".join(f"{name}: must not be null" for name in missing))


def _formats(body: Mapping[str, Any]) -> None:
    for name in ("first_name", "last_name"):
        if len(str(body[name])) > 45:
            raise Refused(400, f"CUSTOMER_{name.upper()}_TOO_LONG")
    _birthday(str(body["birthday"]))
    if body["patient_type"] not in ("ADULT", "MEDICAL", "MEDICAL_MMID"):
        raise Refused(400, "MODEL_VALIDATION_FAIL", "patient_type: unknown value")
    if body.get("gender") not in (None, "", "M", "F", "U", "N"):
        raise Refused(400, "MODEL_VALIDATION_FAIL", "gender: unknown value")
    if body.get("phone") and not re.fullmatch("[2-9][0-9]{9}", str(body["phone"])):
        raise Refused(400, "MODEL_VALIDATION_FAIL", "phone: must be 10 digits and not start with 0 or 1")
    if body.get("email") and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", str(body["email"])):
        raise Refused(400, "MODEL_VALIDATION_FAIL", "email: must be an address")
    if body.get("opt_out") not in (None, "", True, False, "true", "false"):
        raise Refused(400, "MODEL_VALIDATION_FAIL", "opt_out: must be boolean")


def _birthday(text: str) -> None:
    try:
        born = date.fromisoformat(text)
    except ValueError:
        raise Refused(400, "INVALID_DATE_FORMAT", "birthday: must be yyyy-MM-dd") from None
    if born.year < OLDEST_YEAR:
        raise Refused(400, "CUSTOMER_AGE_TOO_HIGH")


def _addresses(addresses: list[dict[str, Any]]) -> None:
    for address in addresses:
        missing = [part for part in ADDRESS_PARTS if not address.get(part)]
        if missing:
            raise Refused(400, "MODEL_VALIDATION_FAIL", "\n".join(f"addresses.{part}: missing" for part in missing))
    if sum(bool(address.get("primary", True)) for address in addresses) > 1:
        raise Refused(400, "DUPLICATE_ADDRESS_PRIMARY")
    if len({address["type"].lower() for address in addresses}) < len(addresses):
        raise Refused(400, "DUPLICATE_ADDRESS_TYPE")


def _groups(wanted: list[str], known: set[str]) -> None:
    if len(set(wanted)) < len(wanted):
        raise Refused(400, "CUSTOMER_GROUP_DUPLICATED_INPUT")
    unknown = sorted(set(wanted) - known)
    if unknown:
        raise Refused(400, "MODEL_VALIDATION_FAIL", f"customer_groups: not in the portal: {', '.join(unknown)}")


def _unique(body: Mapping[str, Any], records: Records, current: Mapping[str, Any] | None) -> None:
    """A value may not come to a second profile; one that was shared all along may stay (legacy duplicates)."""
    own = {} if current is None else current
    for field, reason in TAKEN.items():
        value = body.get(field)
        if value in EMPTY or look_up_key(field, value) == look_up_key(field, own.get(field)):
            continue
        if set(records.holders(field, value)) - {own.get("customer_id")}:
            raise Refused(400, reason, f"{field} already used by another profile")


def _stored(name: str, value: Any) -> Any:
    if name in ("first_name", "last_name", "birthday", "patient_type") or value != "":
        return SPELLING.get(name, _as_it_is)(value)
    return DEFAULTS[name]


def _as_it_is(value: Any) -> Any:
    return value


def _lower_types(addresses: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"street2": "", "primary": True} | address | {"type": address["type"].lower()} for address in addresses]


def _with_time(day: str) -> str:
    return day if day == "N/A" else f"{day[:10]} 00:00:00.000"


SPELLING: Mapping[str, Callable[[Any], Any]] = {"addresses": _lower_types, "permit_expiration": _with_time}
"""How the store spells a value differently from the body that brought it."""
