"""X-Series's words and ours: settings of one retailer, and the way of one record in both directions.

What the vendor's public pages leave open is a setting or a constant here or in `connectors.lightspeed_x` whose text
says "assumed".
"""

from collections.abc import Mapping
from typing import Any, Literal, Self
from urllib.parse import urlsplit

import pyarrow as pa
from pydantic import Field, field_validator, model_validator

from connectors._shaping import amount, clean, day, text
from connectors.base import BALANCES, AdminPageSettings, Record, Secret
from connectors.tokens import TokenPlace

NAMES = ("first_name", "last_name")
OWN_KEYS = {
    "first_name": "first_name", "last_name": "last_name", "birth_date": "date_of_birth", "phone": "phone",
    "email": "email", "note": "note", "street": "physical_address_1", "street_2": "physical_address_2",
    "city": "physical_city", "region": "physical_state", "postal_code": "physical_postcode",
    "country": "physical_country_id",
}  # fmt: skip
"""The physical address is the main one, the postal one is for deliveries (M9). Assumed: so it is in every account."""
NO_PHONE = "0"
"""Assumed: what tills write where there is no number; recorded on a live customer."""
_PLACE = ("address_1", "address_2", "suburb", "city", "postcode", "state", "country_id")
_PLACES = tuple(f"{kind}_{part}" for kind in ("physical", "postal") for part in _PLACE)
BASE = (
    *NAMES, "company_name", "email", "phone", "mobile", "fax", "customer_code", "customer_group_id", "date_of_birth",
    "gender", "do_not_email", "enable_promotional_sms", "enable_loyalty", "note", "website", "twitter", "tax_id",
    *(f"custom_field_{n}" for n in range(1, 5)), "on_account_limit", *_PLACES,
)  # fmt: skip
"""Everything that can be written; an update sends all of it, because it may replace the customer (sheet: Write)."""
KEYS = frozenset({*BASE, "id", "name", "customer_ids", "version"})
"""The names of fields that a refusal may repeat."""
NEVER_NULL = frozenset(
    {
        "customer_code", "customer_group_id", "date_of_birth", "do_not_email", "enable_loyalty",
        "enable_promotional_sms",
    }
)  # fmt: skip
"""Keys that read null and take no null: left out then, which means the same however an update is understood."""
_TEXTS = (
    "id", "customer_code", *NAMES, "email", "phone", "mobile", "date_of_birth", "note", "customer_group_id",
    "group_name", *_PLACES, "created_at", "updated_at", "deleted_at",
)  # fmt: skip
FIELDS = pa.schema(
    [
        *((name, pa.string()) for name in _TEXTS),
        ("customer_group_ids", pa.list_(pa.string())),
        *((name, pa.bool_()) for name in ("do_not_email", "enable_promotional_sms")),
        *((name, pa.string()) for name in ("email_consent", "sms_consent")),
        ("year_to_date", pa.float64()),
        ("version", pa.int64()),
        *((name, pa.string()) for name in BALANCES),
    ]
)
DROPPED = frozenset(
    {
        "name", "company_name", "fax", "gender", "website", "twitter", "tax_id", "on_account_limit", "enable_loyalty",
        *(f"custom_field_{n}" for n in range(1, 5)),
        "balance", "loyalty_balance", "contact_source", "privacy_consent", "loyalty_email_sent", "loyalty_adjustment",
        "time_until_deletion",
    }
)  # fmt: skip
"""The balances are read as `points` and `credit`; what a customer owes on account is a credit below zero."""


class LightspeedXSettings(AdminPageSettings):
    """One retailer. Either a personal `token`, or `tokens`, `client_id` and `client_secret` of an app."""

    base_url: str | None = Field(default=None, description="https://PREFIX.retail.lightspeed.app, without a path")
    api_version: str = Field(default="2026-07", pattern=r"^(2\.0|20\d\d-\d\d)$")
    token: Secret | None = Field(default=None, description="a personal token: it does not rotate")
    tokens: TokenPlace | None = Field(default=None, description="{file: PATH}: where an app's rotating tokens are kept")
    client_id: str | None = None
    redirect_uri: str | None = Field(default=None, description="the app's own address, for `rollcall connect`")
    consent_page: str = Field(
        default="https://secure.retail.lightspeed.app/connect", description="where an admin agrees"
    )
    client_secret: Secret | None = None
    page_size: int = Field(default=500, ge=1, le=10_000, description="assumed: the vendor takes pages of this size")
    registers: int = Field(default=1, ge=1, description="how many the retailer has: the rate limit, until it is told")
    do_not_email_false: Literal["unknown", "in"] = Field(
        default="unknown", description="what `do_not_email: false` means; it is also the creation default (G9)"
    )
    sms: bool = Field(default=False, description="whether the SMS choice is compared and written as well (M11)")
    sms_false: Literal["unknown", "out"] = Field(
        default="unknown", description="what `enable_promotional_sms: false` means; it is the creation default (G9)"
    )
    no_group: str = Field(default="All Customers", description="the group that means no group (X2)")
    create_groups: bool = Field(default=False, description="whether a group that is missing is made when needed (X2)")
    walk_in_codes: tuple[str, ...] = Field(
        default=("Anonymous Customer", "WALKIN"), description="customer codes of walk-in records: never read (M14)"
    )

    @field_validator("base_url")
    @classmethod
    def _is_a_host(cls, url: str | None) -> str | None:
        if url and urlsplit(url).path.strip("/"):
            raise ValueError("only the host is named, without a path: the version is `api_version`")
        return url

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if not self.base_url:
            raise ValueError("the API of X-Series needs base_url: https://PREFIX.retail.lightspeed.app")
        app = (self.tokens, self.client_id, self.client_secret)
        if (self.token is None) != all(app) or (self.token is not None and any(app)):
            raise ValueError("X-Series needs either token, or tokens, client_id and client_secret")
        return self


def landed(row: Mapping[str, Any], group_name: str | None, settings: LightspeedXSettings) -> dict[str, Any]:
    """One customer in the words of FIELDS, unknown fields with it; `group_name` as the retailer spells it."""
    record = {key: value for key, value in row.items() if key not in DROPPED}
    record |= {name: text(row.get(name)) for name in _TEXTS}
    return record | {
        "group_name": None if is_no_group(group_name, settings) else group_name,
        "email_consent": _email_consent(row.get("do_not_email"), settings),
        "sms_consent": _sms_consent(row.get("enable_promotional_sms"), settings),
        "points": amount(row.get("loyalty_balance")),
        "credit": amount(row.get("balance")),
    }


def is_walk_in(row: Mapping[str, Any], settings: LightspeedXSettings) -> bool:
    """Whether this is the till's record for nobody in particular."""
    return str(row.get("customer_code")).casefold() in {code.casefold() for code in settings.walk_in_codes}


def is_no_group(name: str | None, settings: LightspeedXSettings) -> bool:
    return name is not None and name.strip().casefold() == settings.no_group.casefold()


def _email_consent(flag: Any, settings: LightspeedXSettings) -> str:
    """The one place that says what the email flag means (G9): it says no, so true is out."""
    if flag is False:
        return settings.do_not_email_false
    return "out" if flag is True else "unknown"


def _sms_consent(flag: Any, settings: LightspeedXSettings) -> str | None:
    """The one place that says what the SMS flag means (G9): it says yes; not known here unless configured (M11)."""
    if not settings.sms:
        return None
    if flag is False:
        return settings.sms_false
    return "in" if flag is True else "unknown"


def written(after: Mapping[str, str | None]) -> dict[str, str | bool | None]:
    """The changed keys of a customer; the group is not among them."""
    flags = {"email_consent": ("do_not_email", True), "sms_consent": ("enable_promotional_sms", False)}
    outs = dict(flags[name] for name in after if name in flags)
    return {OWN_KEYS[name]: value for name, value in after.items() if name in OWN_KEYS} | outs


def whole(row: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The customer as it is, with the changes: right whether an update replaces or merges."""
    kept = {key: row[key] for key in BASE if key in row and not (row[key] is None and key in NEVER_NULL)}
    return {**dict.fromkeys(NAMES), **kept, **changes}


def view(record: Record) -> dict[str, str | None]:
    """One landed record in canonical fields, as `sql/shape/lightspeed_x.sql` gives them."""
    return {
        "status": "deleted" if clean(record["deleted_at"]) else "active",
        **{name: clean(record[key]) for name, key in OWN_KEYS.items()},
        "birth_date": day(record["date_of_birth"]),
        "phone": clean(record["phone"], NO_PHONE),
        "email_consent": record["email_consent"],
        "sms_consent": record["sms_consent"],
        "group": record["group_name"] if clean(record["group_name"]) else None,  # exactly as it is spelled (X2)
        "tags": None,
        **{name: record[name] for name in BALANCES},
    }


def strayed(sent: Mapping[str, Any], shown: Mapping[str, Any], changes: Mapping[str, Any]) -> list[str]:
    """Keys that did not come out as sent. A text that was to change may be spelled otherwise, but not be empty."""

    def is_kept(key: str, value: Any) -> bool:
        other = shown.get(key)
        respelled = key in changes and isinstance(value, str) and isinstance(other, str) and not _blank(other)
        return respelled or value == other or (_blank(value) and _blank(other))

    return sorted(key for key, value in sent.items() if not is_kept(key, value))


def _blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and clean(value) is None)
