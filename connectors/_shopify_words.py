"""Shopify's words and ours: settings, what is landed, and one record in both directions."""

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa
from pydantic import Field, model_validator

from connectors._shaping import clean, day
from connectors.base import Record, Secret, SourceSettings

GID = "gid://shopify/Customer/{}"
CONSENT = {
    "SUBSCRIBED": "in", "UNSUBSCRIBED": "out", "PENDING": "pending", "REDACTED": "erased",
    "NOT_SUBSCRIBED": "unknown", "NEVER_SUBSCRIBED": "unknown", "INVALID": "unknown",
}  # fmt: skip
"""The one place that says what Shopify's states mean (G9): email and SMS, old words and new. Any other is unknown."""
ADDRESS = {
    "street": "address1", "street_2": "address2", "city": "city", "region": "provinceCode",
    "country": "countryCodeV2", "postal_code": "zip",
}  # fmt: skip
"""Canonical field: the default address's own (M9)."""
PLAIN = {"first_name": "firstName", "last_name": "lastName", "note": "note"}


def _texts(*names: str) -> list[tuple[str, pa.DataType]]:
    return [(name, pa.string()) for name in names]


_SMS = pa.struct(_texts("state", "optInLevel", "updatedAt", "collectedFrom"))
_METAFIELD = pa.struct(_texts("namespace", "key", "type", "value", "compareDigest"))
FIELDS = pa.schema(
    [
        *_texts("legacyResourceId", "firstName", "lastName", "note", "numberOfOrders", "createdAt", "updatedAt"),
        ("tags", pa.list_(pa.string())),
        (
            "defaultEmailAddress",
            pa.struct(_texts("emailAddress", "marketingState", "marketingOptInLevel", "marketingUpdatedAt")),
        ),
        ("defaultPhoneNumber", pa.struct([*_texts("phoneNumber"), ("smsMarketingConsent", _SMS)])),
        ("defaultAddress", pa.struct(_texts("id", *ADDRESS.values()))),
        *_texts("emailConsent", "smsConsent", "birthDate"),  # lifted: in our words; from the configured metafield
        ("metafields", pa.list_(_METAFIELD)),  # links only
    ]
)
_LIFTED = ("emailConsent", "smsConsent", "birthDate", "metafields")
_AS_THEY_ARE = tuple(name for name in FIELDS.names if name not in _LIFTED)
_PARTS = tuple(part.name for part in _METAFIELD)


class ShopifySettings(SourceSettings):
    """One shop. Signs in with a `token`, or with `client_id` and `client_secret` (client credentials grant)."""

    base_url: str = Field(description="https://SHOP.myshopify.com")
    token: Secret | None = None
    client_id: str | None = None
    client_secret: Secret | None = None
    api_version: str = Field(default="2026-10", pattern=r"^20\d\d-(01|04|07|10)$")
    domain: str | None = Field(default=None, description="SHOP.myshopify.com, where base_url does not say it")
    birth_date: str = Field(
        default="facts.birth_date", pattern=r"^[^.\s]+\.\S+$", description="the metafield of the birth date"
    )
    link_type: str = Field(
        default="single_line_text_field",
        description="type of a new link metafield, as its definition in the shop has it",
    )

    bulk_writes_from: int = Field(
        default=100, ge=0, description="so many corrections alike go out in one bulk operation; 0 for never"
    )
    merges: bool = Field(
        default=False, description="whether customers may be merged: the app needs {read,write}_customer_merge"
    )

    @model_validator(mode="after")
    def _signs_in(self) -> "ShopifySettings":
        if (self.token is None) == (self.client_id is None) or (self.client_id is None) != (self.client_secret is None):
            raise ValueError("sign in with `token`, or with `client_id` and `client_secret`: write one of the two")
        return self

    @model_validator(mode="after")
    def _names_links(self) -> "ShopifySettings":
        if any(not all(key.partition(".")) for key in self.link_keys):
            raise ValueError("link_keys names metafields as `namespace.key`: write {rollcall.till: till}")
        if len(set(self.link_keys.values())) < len(self.link_keys):
            raise ValueError("link_keys names one source twice: a POS profile's id is kept in one metafield")
        return self

    @property
    def metafield_keys(self) -> list[str]:
        """The metafields that are asked for, as `namespace.key`."""
        return sorted({*self.link_keys, self.birth_date})

    @property
    def shop_domain(self) -> str | None:
        """Where the shop's own back office is."""
        host = urlsplit(self.base_url).hostname or ""
        return self.domain or (host if host.endswith(".myshopify.com") else None)


def landed(
    node: Mapping[str, Any], metafields: Iterable[Mapping[str, Any]], settings: ShopifySettings
) -> dict[str, Any]:
    """One customer node and its metafields as they are landed: `FIELDS` and nothing else."""
    named = {metafield_key(m): m for m in metafields}
    return {name: node.get(name) for name in _AS_THEY_ARE} | {
        "emailConsent": _consent(node, "defaultEmailAddress", "marketingState"),
        "smsConsent": _consent(node, "defaultPhoneNumber", "smsMarketingConsent", "state"),
        "birthDate": named.get(settings.birth_date, {}).get("value"),
        "metafields": [
            {part: named[key].get(part) for part in _PARTS} | {"key": key.partition(".")[2]}
            for key in sorted(settings.link_keys)
            if key in named
        ],
    }


def view(record: Record, link_keys: Mapping[str, str]) -> dict[str, str | None]:
    """One landed record in canonical fields, as `sql/shape/shopify.sql` gives them, and its links by POS source."""
    tags = {clean(tag) for tag in record.get("tags") or []} - {None}
    stored = {metafield_key(m): clean(m.get("value")) for m in record.get("metafields") or []}
    return {
        "status": "active",  # every customer that is listed
        **{name: clean(record.get(theirs)) for name, theirs in PLAIN.items()},
        "birth_date": day(record.get("birthDate")),
        "phone": clean(_inside(record, "defaultPhoneNumber", "phoneNumber")),
        "email": clean(_inside(record, "defaultEmailAddress", "emailAddress")),
        **{name: clean(_inside(record, "defaultAddress", theirs)) for name, theirs in ADDRESS.items()},
        "email_consent": record.get("emailConsent"),
        "sms_consent": record.get("smsConsent"),
        "group": None,
        "tags": ";".join(sorted(str(tag) for tag in tags)) or None,
        **{f"link:{link_keys[key]}": value for key, value in stored.items() if value and key in link_keys},
    }


def is_id(profile_id: str) -> bool:
    """Whether this can be a customer's id at all."""
    return re.fullmatch("[0-9]{1,20}", profile_id) is not None


def metafield_key(metafield: Mapping[str, Any]) -> str:
    """`namespace.key`. Metafields that were asked for by `keys` bring the namespace in their key as well."""
    namespace, key = str(metafield.get("namespace")), str(metafield.get("key"))
    return f"{namespace}.{key.removeprefix(f'{namespace}.')}"


def _consent(node: Mapping[str, Any], *path: str) -> str:
    return CONSENT.get(str(_inside(node, *path)), "unknown")


def _inside(value: Any, *path: str) -> Any:
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value
