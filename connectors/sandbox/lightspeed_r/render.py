"""The simulated R-Series' JSON and XML: every value a text, one element as an object, nothing as an empty text.

Sheet sections 1, 5 and 9.
"""

from collections.abc import Collection, Mapping
from typing import Any
from xml.sax.saxutils import escape

from connectors.sandbox.lightspeed_r.quirks import Quirks
from connectors.sandbox.lightspeed_r.records import ADDRESS_FIELDS, FLAGS, REFERENCES, TEXTS, Books, Record
from connectors.sandbox.server import Request

OWN = ("customerID", *TEXTS, "dob", "archived", "createTime", "timeStamp", *REFERENCES)
PERSONAL_OF_CREDIT = ("creditAccountID", "balance", "creditLimit", "timeStamp")


def customer(record: Record, relations: Collection[str], books: Books) -> dict[str, Any]:
    """One customer with the relations asked for; without `Contact` there is no email, phone or consent."""
    shown = {name: record[name] for name in OWN if record[name] is not None}
    quirks = books.quirks
    if "Contact" in relations:
        shown["Contact"] = _contact(record["Contact"], quirks)
    if "Note" in relations:
        shown["Note"] = record["Note"]
    if "Tags" in relations:
        shown["Tags"] = _tags(record["Tags"], quirks)
    if relations and {"CustomFieldValues", "CustomFieldValues.value"} & set(relations):
        values = [_custom_value(record, key, value, books) for key, value in record["CustomFieldValues"].items()]
        shown["CustomFieldValues"] = container("CustomFieldValue", values, quirks)
    if "CustomerType" in relations and record["customerTypeID"] in books.types:
        shown["CustomerType"] = books.types[record["customerTypeID"]]
    if "CreditAccount" in relations and record["creditAccountID"] in books.credit:
        account = books.credit[record["creditAccountID"]]
        shown["CreditAccount"] = {name: account[name] for name in PERSONAL_OF_CREDIT}
    return {name: texts(value) for name, value in shown.items()}


def container(name: str, elements: list[Any], quirks: Quirks) -> Any:
    """A nested list: `{name: [..]}`, `{name: one}`, or an empty text."""
    return {name: several(elements, quirks)} if elements else ""


def several(elements: list[Any], quirks: Quirks) -> Any:
    return elements[0] if len(elements) == 1 and quirks.single_as_object else elements


def top_level(name: str, elements: list[Any], quirks: Quirks) -> dict[str, Any]:
    """The list itself, under its key; where it is empty the key is missing."""
    if not elements and quirks.top_level_none == "absent":
        return {}
    return {name: several(elements, quirks)}


def texts(value: Any) -> Any:
    """Every scalar as the vendor prints it: `"7"`, `"false"`, `"12.50"`."""
    match value:
        case dict():
            return {name: texts(each) for name, each in value.items()}
        case list():
            return [texts(each) for each in value]
        case bool():
            return "true" if value else "false"
        case float():
            return f"{value:.2f}"
        case _:
            return str(value)


def wants_xml(request: Request) -> bool:
    """XML unless the Accept header or, where that is silent, the suffix asks for JSON; the header beats the suffix."""
    accept = request.header("Accept")
    if "application/json" in accept:
        return False
    return "xml" in accept or not request.path.endswith(".json")


def xml(name: str, value: Any) -> str:
    """The same answer as XML."""
    if isinstance(value, list):
        return "".join(xml(name, each) for each in value)
    if not isinstance(value, dict):
        return f"<{name}>{escape(str(value))}</{name}>"
    attributes = "".join(f' {key}="{escape(str(each), QUOTES)}"' for key, each in value.get("@attributes", {}).items())
    inner = "".join(xml(key, each) for key, each in value.items() if key != "@attributes")
    return f"<{name}{attributes}>{inner}</{name}>"


QUOTES = {'"': "&quot;"}


def _contact(contact: Mapping[str, Any], quirks: Quirks) -> dict[str, Any]:
    phones = [{"number": number, "useType": use} for use, number in contact["Phones"].items()]
    emails = [{"address": address, "useType": use} for use, address in contact["Emails"].items()]
    places = contact["Addresses"] or [dict.fromkeys(ADDRESS_FIELDS, "")]
    return {
        "custom": contact["custom"],
        **{flag: contact[flag] for flag in FLAGS},
        "Addresses": container("ContactAddress", places, quirks),
        "Phones": container("ContactPhone", phones, quirks),
        "Emails": container("ContactEmail", emails, quirks),
        "Websites": container("ContactWebsite", [{"url": url} for url in contact["Websites"]], quirks),
        "timeStamp": contact["timeStamp"],
    }


def _tags(names: list[str], quirks: Quirks) -> Any:
    elements: list[Any] = list(names) if quirks.tags_shape == "tag" else [{"name": name} for name in names]
    return container(quirks.tags_shape, elements, quirks)


def _custom_value(record: Record, key: int, value: str, books: Books) -> dict[str, Any]:
    field = books.custom_fields[key]
    number = record["customerID"] * 100 + key
    named = {"name": field["name"], "type": field["type"], "value": value, "deleted": False}
    return {"customFieldValueID": number, "customFieldID": key} | named
