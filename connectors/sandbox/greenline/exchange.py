"""The dashboard's Import/Export dialog: the customer list as CSV, and the same list corrected and imported again.

Sheet sections 4 and 6. Of the headings only `Name` is known, and only it is required; the others are assumed.
"""

import csv
import io
from collections.abc import Mapping

from connectors.sandbox.greenline.records import Records

HEADINGS: Mapping[str, str] = {
    "id": "Customer ID", "name": "Name", "email": "Email", "phone": "Phone", "birthday": "Birthday", "notes": "Notes",
    "taxExempt": "Tax Exempt", "loyaltyPoints": "Loyalty Points", "creditBalance": "Credit Balance",
}  # fmt: skip
COLUMNS: Mapping[str, str] = {"id": "Customer ID", "birth_date": "Birthday", "note": "Notes"}
"""The headings that a reader must be told, by canonical column; the others say what they are."""
IMPORTED = ("name", "email", "phone", "birthday", "notes")
"""What an import sets; points, credit and taxes have dialogs of their own."""


def exported(records: Records, headings: Mapping[str, str] = HEADINGS) -> str:
    """Every customer that is not archived, lowest id first, as the CSV text that the dashboard hands out."""
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\r\n")
    out.writerow(headings.values())
    for key in sorted(records.rows):
        row = records.rows[key]
        if not row["isArchived"]:
            out.writerow(["" if row[name] is None else row[name] for name in headings])
    return text.getvalue()


def imported(text: str, records: Records, headings: Mapping[str, str] = HEADINGS) -> None:
    """Take a corrected list: rows with a known id are changed, rows without one are new; blank cells keep what is there.

    Raises ValueError for a row without a name or with an id that nobody has.
    """
    for number, line in enumerate(csv.DictReader(io.StringIO(text, newline="")), start=2):
        cells = {name: line[heading].strip() for name, heading in headings.items() if line.get(heading)}
        if not cells.get("name"):
            raise ValueError(f"row {number} has no {headings['name']}")
        values = {name: cells[name] for name in IMPORTED if cells.get(name)}
        if "id" not in cells:
            records.insert(values)
            continue
        key = int(cells["id"]) if cells["id"].isdecimal() else 0
        if key not in records.rows:
            raise ValueError(f"row {number} names customer {cells['id']}, whom nobody has")
        row = records.rows[key]
        moved = {name: value for name, value in values.items() if value != row[name]}
        if moved:
            records.change(key, moved)
