"""BLAZE Greenline's words and ours. The vendor publishes no customer API: every key of it in this file is assumed."""

from collections.abc import Mapping
from typing import Any, Literal, Self

import pyarrow as pa
from pydantic import Field, model_validator

from connectors._shaping import amount, clean, day, text
from connectors.base import BALANCES, AdminPageSettings, Record, Secret

KEYS = {
    "first_name": "firstName", "last_name": "lastName", "birth_date": "birthday", "email": "email", "phone": "phone",
    "note": "notes",
}  # fmt: skip
CONSENTS = {"email_consent": "marketingEmailOptIn", "sms_consent": "marketingSmsOptIn"}
ARCHIVED = "isArchived"
FIELDS = pa.schema(
    [
        *((name, pa.string()) for name in ("id", "name", *KEYS.values())),
        *((name, pa.bool_()) for name in (ARCHIVED, *CONSENTS.values())),
        ("createdAt", pa.string()),
        ("updatedAt", pa.string()),
        *((name, pa.string()) for name in BALANCES),
    ]
)
DROPPED = frozenset({"companyId", "taxExempt", "loyaltyPoints", "creditBalance"})
"""The balances are read as `points` and `credit`; assumed, the credit is told in cents."""


class GreenlineSettings(AdminPageSettings):
    """One company: its locations share its customers (assumed)."""

    driver: Literal["api", "files"] = "files"
    region: str = Field(default="CA", pattern="^[A-Z]{2}$", description="default region of phone numbers (G3)")
    base_url: str = Field(default="https://integration.getgreenline.co/api/v1", description="the host for integrations")
    company_id: str | None = Field(default=None, pattern=r"^\d+$", description="the company's id, not a location's")
    token: Secret | None = Field(default=None, description="the partner's key")
    token_header: str = Field(default="x-api-key", pattern=r"^[A-Za-z-]+$", description="api-key on the other hosts")
    second_token: Secret | None = Field(default=None, description="the older host takes a second key")
    second_token_header: str = Field(default="external-api-auth-token", pattern=r"^[A-Za-z-]+$")

    @model_validator(mode="after")
    def _complete(self) -> Self:
        missing = [name for name in ("company_id", "token") if not getattr(self, name)]
        if self.driver == "api" and missing:
            raise ValueError(f"the API of Greenline needs {', '.join(missing)}")
        return self


def landed(row: Mapping[str, Any]) -> dict[str, Any]:
    """One customer in the words of FIELDS, unknown keys with it; what is left out on purpose goes here (G11)."""
    kept = {key: value for key, value in row.items() if key not in DROPPED}
    balances = {
        "points": amount(row.get("loyaltyPoints")),
        "credit": amount(row.get("creditBalance"), hundredths=True),
    }
    return kept | balances | {"id": text(row.get("id")), "phone": text(row.get("phone"))}


def view(record: Record) -> dict[str, str | None]:
    """One landed record in canonical fields, as `sql/shape/greenline.sql` gives them."""
    return {
        "status": "archived" if record.get(ARCHIVED) is True else "active",
        **{name: clean(record.get(key)) for name, key in KEYS.items()},
        "birth_date": day(record.get("birthday")),
        **dict.fromkeys(("street", "street_2", "city", "region", "postal_code", "country", "tags", "group")),
        **{channel: _consent(record.get(key)) for channel, key in CONSENTS.items()},
        **{name: record.get(name) for name in BALANCES},
    }


def written(current: Record, after: Mapping[str, str | None]) -> dict[str, Any]:
    """The keys of one PATCH or POST: only what changes. Null clears; the full name follows where it was made of both."""
    body: dict[str, Any] = {KEYS[name]: value or None for name, value in after.items() if name in KEYS}
    body |= {CONSENTS[name]: False for name in after if name in CONSENTS}
    full, parts = clean(current.get("name")), _joined(current)
    if body.keys() & {"firstName", "lastName"} and full in (None, parts):
        body["name"] = _joined({**current, **body})
    return body


def _joined(record: Mapping[str, Any]) -> str | None:
    return " ".join(filter(None, (clean(record.get(key)) for key in ("firstName", "lastName")))) or None


def _consent(choice: Any) -> str:
    """The one place that says what Greenline's choices mean (G9): null is unknown, and never in."""
    return "unknown" if choice is None else "in" if choice else "out"
