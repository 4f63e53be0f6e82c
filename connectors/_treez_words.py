"""Treez's words and ours: settings of one store, and the way of one record in both directions.

What the vendor leaves open is a setting or a constant here or in `connectors.treez` whose text says "assumed".
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self

import pyarrow as pa
from pydantic import Field, model_validator

from connectors._shaping import amount, clean, day, text
from connectors.base import MERGED_INTO, AdminPageSettings, Record, Secret, VendorError

NAMES = ("first_name", "last_name")
ADDRESS_KEYS = {
    "street": "street1", "street_2": "street2", "city": "city", "region": "state", "postal_code": "zipcode",
}  # fmt: skip
OWN_KEYS = {
    "first_name": "first_name", "last_name": "last_name", "birth_date": "birthday", "phone": "phone", "email": "email",
    "note": "notes",
}  # fmt: skip
ADDRESS_NEEDS = ("street1", "city", "state", "zipcode")
MAIN_ADDRESS_TYPE = "ADDRESS_OF_RECORD"
"""Assumed: the type of an address that we add."""
CLEARED = ""
"""Assumed: an empty text clears a field, null leaves it as it is."""
ADDRESS = pa.struct([("type", pa.string()), *((key, pa.string()) for key in ADDRESS_KEYS.values())])
FIELDS = pa.schema(
    [
        *((name, pa.string()) for name in ("customer_id", "status", "verification_status", "merged_into_customer_id")),
        *((name, pa.string()) for name in ("first_name", "last_name", "birthday", "email", "phone", "notes")),
        ("email_consent", pa.string()),
        ("addresses", pa.list_(ADDRESS)),  # the main one first: the one marked as primary
        ("customer_groups", pa.list_(pa.string())),
        ("points", pa.string()),
        *((name, pa.string()) for name in ("signup_date", "last_update", "last_visit_date")),
    ]
)
DROPPED = frozenset(
    {
        # identity documents and medical fields (G11)
        "drivers_license", "drivers_license_expiration", "state_medical_id", "permit_expiration", "patient_type",
        "physician_first_name", "physician_last_name", "physician_license", "physician_address", "physician_phone",
        "is_caregiver", "caregiver_license_number", "caregiver_name_1", "caregiver_name_2", "caregiver_details",
        "verification_reasons", "imageList",
        # judgements and what no rule needs; the balance of rewards is read as `points`
        "warning_1", "warning_2", "banned", "gender", "rewards_balance", "rewards_type", "opt_out", "middle_name",
        "nickname", "referral_source", "merged_customer_ids", "external_ids",
    }
)  # fmt: skip


class TreezSettings(AdminPageSettings):
    """One store: one dispensary slug, one customer base."""

    api: Literal["v3", "v2"] = "v3"
    base_url: str = Field(description="https://api-prod.treez.io (v3) or https://api.treez.io (v2), without a path")
    dispensary: str = Field(pattern="^[A-Za-z0-9_-]+$", description="the store's slug: SLUG.treez.io")
    certificate_id: str | None = Field(default=None, description="v3: the id that the vendor gave for the certificate")
    organization_id: str | None = Field(default=None, description="v3: the organization's id")
    private_key: Secret | None = Field(default=None, description="v3: the RSA key in PEM form")
    client_id: Secret | str | None = Field(default=None, description="v2: the partner's id")
    api_key: Secret | None = Field(default=None, description="v2: the store's key")
    v2_header: Literal["plain", "bearer"] = Field(default="plain", description="assumed: how v2 takes its token")
    first_page: Literal[0, 1, "ask"] = Field(
        default="ask", description="number of the first page; ask: the first two are compared at each pull"
    )
    opt_out_means: Literal["unproven", "out", "in"] = Field(
        default="unproven", description="what `opt_out: true` says: settle it from known customers of this store (G9)"
    )
    new_patient_type: Literal["ADULT", "MEDICAL"] = Field(default="ADULT", description="assumed, of created profiles")
    merges: bool = Field(
        default=False, description="whether profiles may be merged, by v3 alone: needs api_customer::merge"
    )

    @model_validator(mode="after")
    def _complete(self) -> Self:
        names = ("certificate_id", "organization_id", "private_key") if self.api == "v3" else ("client_id", "api_key")
        missing = [name for name in names if not getattr(self, name)]
        if self.driver == "api" and missing:
            raise ValueError(f"Treez's API {self.api} needs {', '.join(missing)}")
        return self


@dataclass(frozen=True, slots=True)
class Words:
    """The vocabulary of one store."""

    settings: TreezSettings

    def landed(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """One customer in the words of FIELDS, unknown fields with it; what is left out on purpose goes here (G11)."""
        addresses = sorted(_addresses(row), key=lambda address: address.get("primary") is not True)
        groups, places = row.get("customer_groups") or [], row.get("addresses") or []
        known = [{key: text(address.get(key)) for key in ADDRESS.names} for address in addresses]
        record = {key: value for key, value in row.items() if key not in DROPPED}
        return record | {
            "customer_id": text(row.get("customer_id")),
            "merged_into_customer_id": text(row.get("merged_into_customer_id")),
            "phone": text(row.get("phone")),
            "email_consent": self._consent(row.get("opt_out")),
            "points": amount(row.get("rewards_balance")),
            "addresses": known if isinstance(places, list) and len(known) == len(places) else places,
            "customer_groups": [name for group in groups if (name := _group(group))]
            if isinstance(groups, list)
            else groups,
        }

    def _consent(self, flag: Any) -> str:
        """The one place that says what Treez's flag means; false is the creation default, so no choice (G9)."""
        ticked = str(flag).lower() == "true"
        return self.settings.opt_out_means if ticked and self.settings.opt_out_means != "unproven" else "unknown"

    def written(self, after: Mapping[str, str | None], fresh: Mapping[str, Any]) -> dict[str, Any]:
        """The body of a PATCH, or of a create with an empty `fresh`: what must always be sent along, then the changes.

        `fresh` is the vendor's own record as it is now. Raises VendorError for what Treez could not take.
        """
        body: dict[str, Any] = {**self._always(fresh)}
        needed = list(body)
        for name, value in after.items():
            if name == "phone" and value:
                body["phone"] = _ten_digits(value)
            elif name == "email_consent":
                body["opt_out"] = self.settings.opt_out_means == "out"
            elif name in OWN_KEYS:
                body[OWN_KEYS[name]] = value or CLEARED
        if after.keys() & ADDRESS_KEYS.keys():
            body["addresses"] = _written_addresses(after, _addresses(fresh))
        if gaps := [key for key in needed if not body[key]]:
            raise VendorError(f"Treez takes no change without {', '.join(gaps)}: fill it in there", permanent=True)
        return body

    def _always(self, fresh: Mapping[str, Any]) -> dict[str, str | None]:
        """The fields without which Treez refuses any PATCH; they are read for this one write and kept nowhere (G11)."""
        if not fresh:
            return {"patient_type": self.settings.new_patient_type}
        needed = [*NAMES, "birthday", "patient_type"]
        if fresh.get("patient_type") == "MEDICAL_MMID":
            needed += ["state_medical_id", "permit_expiration"]
        body = {key: filled(fresh.get(key)) for key in needed}
        return {key: value[:10] if value and key == "permit_expiration" else value for key, value in body.items()}


def view(record: Record) -> dict[str, str | None]:
    """One landed record in canonical fields, as `sql/shape/treez.sql` gives them."""
    address = (record["addresses"] or [{}])[0]
    place = {name: filled(address.get(key)) for name, key in ADDRESS_KEYS.items()}
    merged = filled(record["merged_into_customer_id"])
    gone = "merged" if merged else "archived"
    return {
        "status": gone if record.get("status") == "DEACTIVATED" else "active",
        **{name: filled(record.get(key)) for name, key in OWN_KEYS.items()},
        "birth_date": day(record.get("birthday")),
        **place,
        "postal_code": None if place["postal_code"] == "0" else place["postal_code"],
        "country": None,
        "email_consent": record["email_consent"],
        "sms_consent": None,
        "group": None,
        "tags": ";".join(sorted(set(record["customer_groups"]))) or None,
        "points": record.get("points"),
        MERGED_INTO: merged,
    }


def filled(value: Any) -> str | None:
    """A text, or None for what stands for nothing there (sheet: null set)."""
    return clean(value, "N/A")


def _group(group: Any) -> Any:
    """The name of a group. Assumed: where it is no text but an object, its `name`."""
    return text(group.get("name") if isinstance(group, dict) else group)


def _addresses(row: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = row.get("addresses")
    return [address for address in found if isinstance(address, dict)] if isinstance(found, list) else []


def _ten_digits(phone: str) -> str:
    digits = re.sub(r"\D", "", phone)
    digits = digits[1:] if len(digits) == 11 and digits.startswith("1") else digits
    if not re.fullmatch(r"[2-9]\d{9}", digits):
        raise VendorError("Treez keeps phones of ten digits only: this number cannot be written there", permanent=True)
    return digits


def _written_addresses(after: Mapping[str, str | None], present: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """All addresses, because the list is replaced as a whole; the changes go to the main one."""
    ordered = sorted(present, key=lambda address: address.get("primary") is not True) or [{}]
    sent = [{key: filled(address.get(key)) or CLEARED for key in ADDRESS_KEYS.values()} for address in ordered]
    sent[0] |= {key: after[name] or CLEARED for name, key in ADDRESS_KEYS.items() if name in after}
    if gaps := [key for key in ADDRESS_NEEDS if not sent[0][key]]:
        raise VendorError(f"Treez takes no address without {', '.join(gaps)}", permanent=True)
    types = [(filled(address.get("type")) or MAIN_ADDRESS_TYPE).upper() for address in ordered]
    return [a | {"type": kind, "primary": place == 0} for place, (a, kind) in enumerate(zip(sent, types, strict=True))]
