"""BLAZE ECOM's words and ours: settings of one group, and the way of one record; all of it is assumed."""

from collections.abc import Mapping
from typing import Any, Literal, Self

import pyarrow as pa
from pydantic import Field, model_validator

from connectors._shaping import clean, day, text
from connectors.base import AdminPageSettings, Record, Secret

ATTRIBUTES = {
    "first_name": "first_name", "last_name": "last_name", "birth_date": "date_of_birth", "email": "email",
    "phone": "phone", "note": "notes", "email_consent": "email_opt_in", "sms_consent": "sms_opt_in",
}  # fmt: skip
CONTACTS = ("email", "phone")
NULLABLE = frozenset({"birth_date", "note"})
LINK = pa.struct([("key", pa.string()), ("id", pa.string()), ("state", pa.string())])
FIELDS = pa.schema(
    [
        *((name, pa.string()) for name in ("id", "first_name", "last_name", "email", "phone", "date_of_birth")),
        ("status", pa.string()),
        *((name, pa.bool_()) for name in ("is_active", "email_opt_in", "sms_opt_in")),
        *((name, pa.string()) for name in ("notes", "created_at", "updated_at")),
        ("links", pa.list_(LINK)),  # key: the store's id
    ]
)
DROPPED = frozenset({"id_number", "id_expiration", "is_medical", "password"})


class BlazeEcomSettings(AdminPageSettings):
    """One retail group."""

    driver: Literal["api", "files"] = "files"
    base_url: str | None = Field(default=None, description="assumed; the API's host, without a path")
    token: Secret | None = None
    store_id: str | None = Field(default=None, description="assumed; id of any store of the group: it picks the group")

    @model_validator(mode="after")
    def _complete(self) -> Self:
        missing = [name for name in ("base_url", "token", "store_id") if not getattr(self, name)]
        if self.driver == "api" and missing:
            raise ValueError(f"the API of BLAZE ECOM needs {', '.join(missing)}")
        return self


def landed(row: Mapping[str, Any]) -> dict[str, Any]:
    """One customer in the words of FIELDS, unknown attributes with it; what is left out on purpose goes here (G11)."""
    kept = {name: value for name, value in row["attributes"].items() if name not in DROPPED}
    relations = row.get("relationships")
    links = relations.get("pos_links") if isinstance(relations, dict) else None
    data = links.get("data") if isinstance(links, dict) else links
    return kept | {"id": text(row.get("id")), "links": _links(data or [])}


def view(record: Record, link_keys: Mapping[str, str]) -> dict[str, str | None]:
    """One landed record in canonical fields, as `sql/shape/blaze_ecom.sql` gives them, and its links by POS source."""
    return {
        "status": "archived" if record.get("is_active") is False else "active",
        **{name: clean(record.get(ATTRIBUTES[name])) for name in ("first_name", "last_name", *CONTACTS, "note")},
        "birth_date": day(record.get("date_of_birth")),
        **dict.fromkeys(("street", "street_2", "city", "region", "postal_code", "country", "tags", "group")),
        "email_consent": _consent(record.get("email_opt_in")),
        "sms_consent": _consent(record.get("sms_opt_in")),
        **{
            f"link:{link_keys[one['key']]}": one["id"]
            for one in record["links"]
            if one["id"] and one["key"] in link_keys
        },
    }


def written(after: Mapping[str, str | None]) -> dict[str, Any]:
    """The attributes of one PATCH: only what changes."""
    return {ATTRIBUTES[name]: _word(name, value) for name, value in after.items()}


def _links(data: Any) -> Any:
    """Each link in the words of LINK; what is no list of links stays as it is, and does not fit."""
    if not isinstance(data, list) or not all(isinstance(link, dict) for link in data):
        return data
    return [
        {"key": text(link.get("store")), "id": text(link.get("external_id")), "state": link.get("link_status")}
        for link in data
    ]


def _word(name: str, value: str | None) -> str | bool | None:
    if name.endswith("_consent"):
        return False
    return value.lower() if value and name == "email" else value


def _consent(flag: Any) -> str:
    """The one place that says what ECOM's choices mean (G9): null is unknown."""
    return "unknown" if flag is None else "in" if flag else "out"
