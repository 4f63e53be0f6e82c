"""The books of one simulated R-Series account, in the vendor's words but in Python's own types; `render` makes its JSON.

Sheet sections 7 to 9. Phones and emails are slots by use type, at most one number each.
"""

import copy
from bisect import bisect_left
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from connectors.sandbox.base import Now
from connectors.sandbox.lightspeed_r.quirks import Quirks

Record = dict[str, Any]

PHONE_SLOTS = ("Home", "Work", "Mobile", "Pager", "Fax")
EMAIL_SLOTS = ("Primary", "Secondary")
FLAGS = ("noEmail", "noPhone", "noMail")
ADDRESS_FIELDS = ("address1", "address2", "city", "state", "stateCode", "zip", "country", "countryCode")
TEXTS = ("firstName", "lastName", "title", "company", "companyRegistrationNumber", "vatNumber")
REFERENCES = ("creditAccountID", "customerTypeID", "discountID", "taxCategoryID")
LICENCE_FIELD = 1


class Books:
    """Customers by id, with the account's types, tags, credit accounts and custom fields."""

    def __init__(self, now: Now, quirks: Quirks) -> None:
        self.now = now
        self.quirks = quirks
        self.zone = ZoneInfo(quirks.account_time_zone)
        self.customers: dict[int, Record] = {}
        self.ids: list[int] = []
        self.types: dict[int, Record] = {}
        self.tags: dict[int, Record] = {}
        self.credit: dict[int, Record] = {}
        self.custom_fields: dict[int, Record] = {
            LICENCE_FIELD: {"customFieldID": LICENCE_FIELD, "name": "Driver licence", "type": "string", "default": ""}
        }
        self._given: dict[str, int] = {}

    def stamp(self) -> str:
        """The present as the vendor prints times: ISO 8601 in UTC, with offset."""
        return moment(datetime.fromtimestamp(self.now(), UTC))

    def next_id(self, series: str) -> int:
        """The number that the next record of a series will get."""
        return self._given.get(series, 0) + 1

    def take_id(self, series: str) -> int:
        self._given[series] = self.next_id(series)
        return self._given[series]

    def blank(self, made: str | None = None) -> Record:
        """A customer with the vendor's defaults, not filed yet."""
        at = made or self.stamp()
        contact: Record = dict.fromkeys(FLAGS, self.quirks.consent_default_on_create)
        contact |= {"custom": "", "Phones": {}, "Emails": {}, "Addresses": [], "Websites": [], "timeStamp": at}
        return {
            "customerID": self.next_id("customer"), **dict.fromkeys(TEXTS, ""), "dob": None, "archived": False,
            "createTime": at, "timeStamp": at, **dict.fromkeys(REFERENCES, 0), "Contact": contact,
            "Note": {"note": "", "isPublic": False, "timeStamp": at}, "Tags": [], "CustomFieldValues": {},
            "chosen": set(), "purchased": False,
        }  # fmt: skip

    def file(self, record: Record) -> int:
        """File a blank customer, filled in since, under the next id."""
        key = self.take_id("customer")
        record["customerID"] = key
        self.customers[key] = record
        self.ids.append(key)
        return key

    def copy(self, key: int) -> Record:
        """A record to change and to `keep`. Raises KeyError."""
        return copy.deepcopy(self.customers[key])

    def keep(self, record: Record) -> None:
        """Replace a record by its changed copy."""
        self.customers[record["customerID"]] = record

    def remove(self, key: int) -> None:
        """The record is gone, as after a merge in older accounts."""
        del self.customers[key]
        self.ids.pop(bisect_left(self.ids, key))

    def set_archived(self, record: Record, archived: bool) -> None:
        """Archive or bring back; the credit account goes along, but does not always return."""
        record["archived"] = archived
        account = self.credit.get(record["creditAccountID"])
        if account is not None and (archived or self.quirks.unarchive_restores_credit_account):
            account["archived"] = archived

    def open_credit(self, record: Record, balance: float) -> None:
        """Give a customer a credit account with a balance, or set that of the one there is."""
        account = self.credit.get(record["creditAccountID"])
        if account is None:
            number = self.take_id("credit")
            account = {
                "creditAccountID": number, "name": "Credit", "code": f"{self.quirks.sentinel}-CARD", "creditLimit": 100.0,
                "description": "", "giftCard": False, "archived": False, "customerID": record["customerID"],
            }  # fmt: skip
            self.credit[number] = account
            record["creditAccountID"] = number
        account |= {"balance": balance, "timeStamp": self.stamp()}

    def type_id(self, name: str | None) -> int:
        """The id of a customer type, made when there is none of this name; 0 for no name."""
        if not name:
            return 0
        for key, known in self.types.items():
            if known["name"] == name:
                return key
        return self.add_type(name)

    def add_type(self, name: str) -> int:
        key = self.take_id("CustomerType")
        self.types[key] = {"customerTypeID": key, "name": name, "taxCategoryID": 0, "discountID": 0}
        return key

    def add_tag(self, name: str) -> int:
        key = self.take_id("Tag")
        self.tags[key] = {"tagID": key, "name": name}
        return key

    def know_tags(self, names: list[str]) -> None:
        """Enter names into the account's list of tags."""
        known = {tag["name"] for tag in self.tags.values()}
        for name in dict.fromkeys(names):
            if name not in known:
                self.add_tag(name)

    def rename(self, row: Record, name: str | None) -> None:
        """Give a type or tag another name, or take it off every record (None): its members are left with none."""
        old = row["name"]
        for record in self.customers.values():
            if name is None and record["customerTypeID"] == row.get("customerTypeID", -1):
                record["customerTypeID"] = 0
            if "tagID" in row and old in record["Tags"]:
                record["Tags"] = [name or "" if tag == old else tag for tag in record["Tags"] if name or tag != old]
        row["name"] = name or old

    def midnight(self, day: str) -> str:
        """A birth date as the vendor keeps it: midnight of the account's zone, in UTC. Raises ValueError."""
        born = date.fromisoformat(day)
        return moment(datetime(born.year, born.month, born.day, tzinfo=self.zone))

    def birth_date(self, dob: str) -> str:
        """The date that the till shows for a `dob`."""
        return datetime.fromisoformat(dob).astimezone(self.zone).date().isoformat()


def moment(at: datetime) -> str:
    """ISO 8601 in UTC, whole seconds, with `+00:00`."""
    return at.astimezone(UTC).isoformat(timespec="seconds")
