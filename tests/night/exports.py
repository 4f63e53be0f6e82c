"""Made-up export files of every vendor, as each vendor heads and words them, and the shop or till on the other side."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Export:
    """One vendor's file. `places`: the vendor's heading for what every list here has. `cells`: further cells of all rows.

    `yes`, `no`: the vendor's cells for who takes mail and who does not; `yes_means`, `no_means`: what it is to us (G9).
    """

    kind: str
    role: str
    places: Mapping[str, str]
    yes: str
    no: str
    no_means: str
    consent: str
    yes_means: str = "in"
    cells: Mapping[str, str] = field(default_factory=dict)
    phone: str = "613-555-01{}"
    phone_written: str = "+1613555{}"
    by_hand: tuple[str, ...] = ()
    names_apart: bool = True

    def row(self, one: "Person") -> dict[str, str]:
        """A person as this vendor's file shows them."""
        told = {
            "id": one.id, "first_name": one.first, "last_name": one.last, "full_name": f"{one.first} {one.last}",
            "phone": self.phone.format(one.phone) if one.phone else "", "email": one.email,
        }  # fmt: skip
        row = {heading: told[name] for name, heading in self.places.items()}
        return {**row, self.consent: self.yes if one.takes_mail else self.no, **self.cells}


@dataclass(frozen=True, slots=True)
class Person:
    """An invented customer; `phone`: the last two digits of a number for fiction."""

    id: str
    first: str
    last: str
    phone: str
    email: str
    takes_mail: bool = True


_NAMES = {"first_name": "First Name", "last_name": "Last Name"}
SENTINEL = "SENTINEL-LICENCE-X0000001"

EXPORTS = {
    one.kind: one
    for one in (
        Export(
            "shopify", "ecom", {"id": "Customer ID", **_NAMES, "email": "Email", "phone": "Phone"}, "yes", "no",
            "unknown", "Accepts Email Marketing", phone="'+161355501{}",
            cells={"Accepts SMS Marketing": "no", "Default Address Zip": "'01234", "Tax Exempt": "no", "Tags": "vip, =1+1",
                   "Total Orders": "3", "Note": "=1+1", "Licence": SENTINEL},
            phone_written="'+1613555{}", by_hand=("email",),
        ),
        Export(
            "heartland", "pos", {"id": "Customer #", **_NAMES, "email": "Email", "phone": "Mobile Phone"}, "Yes", "No",
            "unknown", "Email Opt In", cells={"Active": "Yes", "Address Line 1": "1 Long Street", "Licence": SENTINEL},
        ),
        Export(
            "lightspeed_x", "pos",
            {"id": "id", "first_name": "first_name", "last_name": "last_name", "email": "email", "phone": "phone"},
            "0", "1", "out", "do_not_email", "unknown",
            cells={"customer_code": "=1+1", "customer_group": "All Customers", "year_to_date": "12.50", "licence": SENTINEL},
        ),
        Export(
            "lightspeed_r", "pos", {"id": "Customer ID", **_NAMES, "email": "Email", "phone": "Home"}, "No", "Yes",
            "unknown", "No Email", cells={"Archived": "No", "Company": "@SUM(A1)", "Licence": SENTINEL},
        ),
        Export(
            "ecwid", "ecom", {"id": "customer_id", "full_name": "name", "email": "email", "phone": "phone"}, "true", "false",
            "out", "accept_marketing", cells={"customer_group": "General", "licence": SENTINEL}, by_hand=("email",),
            names_apart=False,
        ),
        Export(
            "treez", "pos", {"id": "Customer ID", **_NAMES, "email": "Email", "phone": "Phone"}, "FALSE", "TRUE", "unknown",
            "Opt Out", "unknown", phone="61355501{}", phone_written="613555{}",
            cells={"Status": "ACTIVE", "Birthday": "2/28/1990", "Zip": "0", "Notes": "N/A", "Drivers License": SENTINEL},
        ),
        Export(
            "greenline", "pos", {"id": "ID", "full_name": "Name", "email": "Email", "phone": "Phone"}, "TRUE", "FALSE",
            "out", "Email Opt In", cells={"Tax Exempt": "FALSE", "Points": "12", "Licence": SENTINEL}, names_apart=False,
        ),
        Export(
            "blaze_ecom", "ecom", {"id": "Customer ID", **_NAMES, "email": "Email", "phone": "Phone"}, "Yes", "No", "out",
            "Email Opt In", cells={"Active": "Yes", "ID Number": SENTINEL},
        ),
    )
}  # fmt: skip

PEOPLE = (
    Person("0007", "Ada", "NA", "17", "ada@example.com"),
    Person("8", "Bea", "Moss", "18", "bea@example.com"),
    Person("9", "Bea", "Moss", "18", "bea@example.com"),
    Person("10", "Cal", "O'Neil", "19", "cal@example.com"),
    Person("11", "Dee", "Stone", "20", "dee@example.com", takes_mail=False),
)
"""Bea is there twice."""


def write(path: Path, export: Export, people: Sequence[Person]) -> None:
    """The vendor's file, with Windows line ends as exports have them."""
    save(path, [export.row(one) for one in people])


def save(path: Path, rows: Sequence[Mapping[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\r\n")
        writer.writeheader()
        writer.writerows(rows)


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def bring_in(path: Path, import_file: Path, key: str) -> list[dict[str, Any]]:
    """What a vendor does with an import file, and the list that it then exports; a column that is not in it stays."""
    changed = {row[key]: row for row in read(import_file)}
    rows = [{**row, **changed.get(row[key], {})} for row in read(path)]
    save(path, rows)
    return list(changed.values())
