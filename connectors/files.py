"""Export files in place of an API: CSV and XLSX, read into the canonical columns, every cell as text.

A vendor that is fed by files only inherits `FileConnector` and names its `kind` (see `connectors/table.py`). A vendor
with both drivers keeps a `FileReader(name, settings)` where `settings.driver == "files"` and hands `pages`, `fetch`,
`find` and `check` over to it, with `FILE_FIELDS` as what it lands, `table` as its shape and `view_of` as its view.
A file is only ever read.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import ClassVar, Literal

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from connectors._phones import is_number
from connectors._shaping import SPACES, clean, day
from connectors.base import (
    VIEW_FIELDS,
    Capabilities,
    Change,
    CheckLine,
    Connector,
    Evidence,
    Page,
    ProofName,
    Record,
    SourceSettings,
    VendorError,
)
from connectors.sheets import Sheet, open_sheet

CANONICAL = (
    "id", "first_name", "last_name", "full_name", "birth_date", "phone", "phone_2", "email", "email_2",
    "street", "street_2", "city", "region", "postal_code", "country", "email_consent", "sms_consent",
    "group", "tags", "note", "status", "created_at", "updated_at", "has_purchased", "external_id",
)  # fmt: skip
FILE_FIELDS = pa.schema([(name, pa.string()) for name in CANONICAL])
FILE_PROOFS: frozenset[ProofName] = frozenset({"no_repeats", "same_contract", "shrink", "canaries", "fresh"})
STATUSES = ("active", "archived", "deleted", "merged")
NO_HEADING = "(no heading)"
CONSENTS = ("in", "out", "pending", "unknown", "erased")

_DATE_COLUMNS = ("birth_date", "created_at", "updated_at")
_DATE_ORDERS = {
    "mdy": (r"^\s*(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})", r"\3-\1-\2"),
    "dmy": (r"^\s*(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})", r"\3-\2-\1"),
    "ymd": (r"^\s*(\d{4})[/.](\d{1,2})[/.](\d{1,2})", r"\1-\2-\3"),
}


class FileSettings(SourceSettings):
    """A source that is a file."""

    driver: Literal["files"] = "files"
    date_order: Literal["ymd", "mdy", "dmy"] = Field(
        default="ymd", description="how dates are written in the file, where they are written as 2/28/1990"
    )


class FileReader:
    """One export file under one source's settings. Raises VendorError wherever the file cannot be used."""

    def __init__(self, name: str, settings: SourceSettings, known: Mapping[str, str] | None = None) -> None:
        """`known`: headings of the vendor's own format, by canonical column; read where they are there."""
        self._name = name
        self._settings = settings
        self._known = known or {}

    @cached_property
    def sheet(self) -> Sheet:
        """The file, opened; its headings are read, its rows are not."""
        if self._settings.path is None:
            raise VendorError(f"{self._name}: no file is named: write `path:` under the source", permanent=True)
        return open_sheet(self._name, self._settings.path)

    @cached_property
    def positions(self) -> dict[str, int]:
        """Which column of the file holds which canonical column."""
        headings = [_folded(heading) for heading in self.sheet.headings]
        wanted = {name: _folded(name) for name in CANONICAL if _folded(name) in headings}
        taken = set(map(_folded, self._settings.columns.values()))
        known = {name: _folded(heading) for name, heading in self._known.items()}
        wanted |= {name: heading for name, heading in known.items() if heading in headings and heading not in taken}
        wanted |= {name: self._configured(name, heading, headings) for name, heading in self._settings.columns.items()}
        # a heading given twice is nobody's guess where it is read, and nobody's business where it is not
        if twice := sorted(h for h in set(wanted.values()) if headings.count(h) > 1):
            raise self._problem(f"has two columns with the heading {', '.join(twice)}: rename one")
        if "id" not in wanted:
            raise self._problem('has no column for the ids: name its heading, `columns: {id: "…"}`')
        return {name: headings.index(wanted[name]) for name in CANONICAL if name in wanted}

    @property
    def unknown_columns(self) -> list[str]:
        """Headings that are mapped to nothing; their cells never leave the file."""
        used = set(self.positions.values())
        return [heading or NO_HEADING for n, heading in enumerate(self.sheet.headings) if n not in used]

    def pages(self, evidence: Evidence) -> Iterator[Page]:
        """The file's profiles as tables of `FILE_FIELDS`; null where the file lacks a column, '' where a cell is empty.

        Rows without an id, and rows that cannot be read, mean no certificate: `evidence.end_mark` False, and a note.
        """
        evidence.contract["columns"] = "; ".join(f"{c}={self.sheet.headings[n]}" for c, n in self.positions.items())
        without_id, odd = 0, Counter[str]()
        for table in self._tables():
            named = table.filter(pc.not_equal(table["id"], ""))
            without_id += len(table) - len(named)
            odd.update(_odd_words(named))
            yield Page(named)
        problems = list(self.sheet.problems)
        if without_id:
            problems.append(f"{without_id} rows have no id: give them one, or take them out")
        if problems:
            evidence.end_mark = False
        evidence.notes += problems + [f"{n} cells of {what}" for what, n in sorted(odd.items())]

    def fetch(self, ids: Sequence[str]) -> dict[str, Record | None]:
        """The rows of these ids; None where the file has none."""
        found: dict[str, Record | None] = dict.fromkeys(ids)
        wanted = pa.array(ids, pa.string())
        for table in self._tables():
            found |= {row["id"]: row for row in table.filter(pc.is_in(table["id"], value_set=wanted)).to_pylist()}
        return found

    def find(self, field_name: Literal["phone", "email", "key"], value: str) -> list[Record]:
        """The rows with this phone (E.164), email (G4) or external id."""
        test = {"phone": self._has_phone, "email": _has_email, "key": _has_key}[field_name]
        return [row for table in self._tables() for row in table.to_pylist() if row["id"] and test(row, value)]

    def check(self) -> list[CheckLine]:
        """Whether the file is there and what of it is read."""
        try:
            read = [f"{name} from `{self.sheet.headings[n]}`" for name, n in self.positions.items()]
        except VendorError as error:
            return [CheckLine("file", ok=False, detail=str(error))]
        dated = self._settings.exported_at
        unread = ", ".join(self.unknown_columns) or "none"
        undated = "no date: write `exported_at:` when it was exported; without it the export is not certified (G1)"
        return [
            CheckLine("file", ok=True, detail=f"{self._settings.path} is readable"),
            CheckLine("columns", ok=True, detail=f"{', '.join(read)}; not read: {unread}"),
            CheckLine("date", ok=dated is not None, detail=f"exported at {dated}" if dated else undated),
        ]

    def _tables(self) -> Iterator[pa.Table]:
        order = getattr(self._settings, "date_order", "ymd")
        for raw in self.sheet.tables():
            columns = [
                _landed(name, raw.column(self.positions[name]), order)
                if name in self.positions
                else pa.nulls(len(raw), pa.string())
                for name in CANONICAL
            ]
            yield pa.Table.from_arrays(columns, schema=FILE_FIELDS)

    def _configured(self, name: str, heading: str, headings: list[str]) -> str:
        if name not in CANONICAL:
            raise self._problem(f"cannot give a `{name}`: columns are {', '.join(CANONICAL)}")
        if _folded(heading) not in headings:
            raise self._problem(f"has no column `{heading}` for `{name}`")
        return _folded(heading)

    def _problem(self, why: str) -> VendorError:
        found = ", ".join(h for h in self.sheet.headings if h) or "none"
        text = f"{self._name}: the file {self._settings.path} {why}; headings found: {found}"
        return VendorError(text, permanent=True)

    def _has_phone(self, row: Record, value: str) -> bool:
        return any(is_number(row[name] or "", value, self._settings.region) for name in ("phone", "phone_2"))


class FileConnector(Connector):
    """A source that is a file: read, never written."""

    FIELDS: ClassVar[pa.Schema] = FILE_FIELDS
    REQUIRED_PROOFS: ClassVar[frozenset[ProofName]] = FILE_PROOFS
    Settings: ClassVar[type[SourceSettings]] = FileSettings

    @cached_property
    def reader(self) -> FileReader:
        """The file itself."""
        return FileReader(self.name, self.settings)

    @property
    def shape(self) -> str:
        return "table"

    @property
    def unknown_columns(self) -> list[str]:
        return self.reader.unknown_columns

    @property
    def capabilities(self) -> Capabilities:
        return file_capabilities(self.reader)

    def check(self) -> list[CheckLine]:
        return self.reader.check()

    def pages(self, evidence: Evidence, cursor: str | None = None) -> Iterator[Page]:
        yield from self.reader.pages(evidence)

    def fetch(self, ids: Sequence[str]) -> dict[str, Record | None]:
        return self.reader.fetch(ids)

    def find(self, field_name: Literal["phone", "email", "key"], value: str) -> list[Record]:
        return self.reader.find(field_name, value)

    def view(self, record: Record) -> dict[str, str | None]:
        return view_of(record)

    def write(self, change: Change) -> str:
        raise VendorError(
            f"{self.name}: a file cannot be written to: {change.action} is for a person at the source", permanent=True
        )


def file_capabilities(reader: FileReader) -> Capabilities:
    """Nothing can be written; the consent channels are those that the file has a column for (G9b)."""
    try:
        columns: Mapping[str, int] = reader.positions
    except VendorError:
        columns = {}
    return Capabilities(consent=frozenset(c for c in ("email", "sms") if f"{c}_consent" in columns))


def view_of(record: Record) -> dict[str, str | None]:
    """One landed row in canonical fields, as `sql/shape/table.sql` gives them."""
    view = {name: clean(record.get(name)) for name in VIEW_FIELDS}
    status = (view["status"] or "").lower()
    tags = {clean(tag) or "" for tag in (view["tags"] or "").split(";")} - {""}
    return view | {
        "status": status if status in STATUSES else "active",
        "birth_date": day(record.get("birth_date")),
        "email_consent": _consent(record.get("email_consent")),
        "sms_consent": _consent(record.get("sms_consent")),
        "tags": ";".join(sorted(tags)) or None,
    }


def _consent(cell: str | None) -> str | None:
    """None where the file has no such column; what is not one of the words is unknown (G9)."""
    word = (clean(cell) or "").lower()
    return None if cell is None else word if word in CONSENTS else "unknown"


def _folded(heading: str) -> str:
    return re.sub(r"[\s_]+", "", heading).casefold()


def _landed(name: str, cells: pa.ChunkedArray, date_order: str) -> pa.ChunkedArray:
    if name == "id":
        return pc.utf8_trim_whitespace(cells)
    if name not in _DATE_COLUMNS:
        return cells
    pattern, replacement = _DATE_ORDERS[date_order]
    cells = pc.replace_substring_regex(cells, pattern, replacement)
    cells = pc.replace_substring_regex(cells, r"^(\d{4})-(\d)-", r"\1-0\2-")
    return pc.replace_substring_regex(cells, r"^(\d{4}-\d{2})-(\d)(\D|$)", r"\1-0\2\3")


def _odd_words(table: pa.Table) -> Counter[str]:
    """How many cells hold a word that the column does not know; they read as active, and as unknown."""
    odd: Counter[str] = Counter()
    for column, words, meaning in (
        ("status", STATUSES, "active"),
        ("email_consent", CONSENTS, "unknown"),
        ("sms_consent", CONSENTS, "unknown"),
    ):
        cells = pc.utf8_lower(pc.utf8_trim(table[column], characters=SPACES))
        known = pc.is_in(cells, value_set=pa.array(["", *words]))
        odd[f"{column} hold none of {', '.join(words)} and read as {meaning}"] += (
            pc.sum(pc.and_kleene(pc.invert(known), pc.is_valid(cells))).as_py() or 0
        )
    return +odd


def _has_email(row: Record, value: str) -> bool:
    wanted = value.strip().casefold()
    return any((row[name] or "").strip().casefold() == wanted for name in ("email", "email_2"))


def _has_key(row: Record, value: str) -> bool:
    return bool(row["external_id"] == value)
