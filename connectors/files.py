"""Export files: CSV and XLSX, read into the canonical columns, every cell as text, and opened again for write-back.

`FileReader` reads one file in the words of its vendor's `Format`; `connectors.file_source` is the source around it. The
operator's file is only ever read: what changes goes into an import file beside it.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from hashlib import file_digest
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

from connectors._file_cells import Cells
from connectors._file_formats import BOXES, PLAIN, Format, boxed
from connectors._file_import import write_import
from connectors._phones import is_number
from connectors._shaping import SPACES, clean, day
from connectors.base import (
    BALANCES,
    VIEW_FIELDS,
    Capabilities,
    Change,
    CheckLine,
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
    "group", "tags", "note", "status", "created_at", "updated_at", "has_purchased", "external_id", *BALANCES,
)  # fmt: skip
FILE_FIELDS = pa.schema([(name, pa.string()) for name in CANONICAL])
FILE_PROOFS: frozenset[ProofName] = frozenset({"no_repeats", "same_contract", "shrink", "canaries", "fresh"})
STATUSES = ("active", "archived", "deleted", "merged")
NO_HEADING = "(no heading)"
CONSENTS = ("in", "out", "pending", "unknown", "erased")
CHANNELS = ("email", "sms")
WRITABLE = frozenset(
    {
        "first_name", "last_name", "birth_date", "phone", "email", "street", "street_2", "city", "region",
        "postal_code", "country", "note", "tags", "group",
    }
)  # fmt: skip
"""Columns that a correction may change; consent is written by opting out."""
NEVER_READ = re.compile(r"licen[cs]e|passport|password|medical|permit|socialsecurity|^ssn$", re.IGNORECASE)
"""Headings that no setting can map (G11)."""


_VALUE = re.compile(r"\S@\S|\d\D{0,3}\d{3}\D{0,2}\d{4}|\d{4}-\d\d-\d\d")
"""An email, a phone or a date: what stands in the first row where headings are missing. Such a row is never shown."""


class FileReader:
    """One export file under one source's settings. Raises VendorError wherever the file cannot be used."""

    digest = ""
    """SHA-256 of the file as `pages` read it."""

    def __init__(self, name: str, settings: SourceSettings, form: Format = PLAIN) -> None:
        """`form`: the vendor's own format; what the settings say of columns and words goes before it."""
        self.unknown_seen = Counter[str]()
        self._name = name
        self._settings = settings
        self._form = form

    @cached_property
    def _cells(self) -> Cells:
        """How cells read. A table's consent column under a shop's heading holds yes and no, under its own canonical words."""
        form = self._form
        if form.one_each:
            known = {name: _folded(self.sheet.headings[at]) for name, at in self.positions.items() if name in BOXES}
            form = boxed(form, [n for n, heading in known.items() if heading in set(map(_folded, form.columns[n]))])
        order = getattr(self._settings, "date_order", None) or form.date_order
        return Cells(form, order, getattr(self._settings, "words", {}))

    @cached_property
    def sheet(self) -> Sheet:
        """The file, opened; its headings are read, its rows are not."""
        return open_sheet(self._name, self._path)

    @cached_property
    def positions(self) -> dict[str, int]:
        """Which column of the file holds which canonical column."""
        headings = [_folded(heading) for heading in self.sheet.headings]
        wanted = {name: _folded(name) for name in CANONICAL if _folded(name) in headings}
        taken = set(map(_folded, self._settings.columns.values()))
        for name, known in self._form.columns.items():
            there = [heading for heading in map(_folded, known) if heading in headings and heading not in taken]
            if self._form.one_each and name not in self._settings.columns:
                self._one_each(name, [*({wanted.get(name, "")} - taken - {""}), *there])
            wanted |= {name: there[0]} if there else {}
        wanted |= {name: self._configured(name, heading, headings) for name, heading in self._settings.columns.items()}
        # a heading given twice is nobody's guess where it is read, and nobody's business where it is not
        if twice := sorted(h for h in set(wanted.values()) if headings.count(h) > 1):
            raise self._problem(f"has two columns with the heading {', '.join(twice)}: rename one")
        if "id" not in wanted and any(map(_VALUE.search, self.sheet.headings)):
            raise self._problem("has no headings: its first row holds a customer. Put a row of headings above it")
        if "id" not in wanted:
            raise self._problem('has no column for the ids: name its heading, `columns: {id: "…"}`')
        return {name: headings.index(wanted[name]) for name in CANONICAL if name in wanted}

    @property
    def unknown_columns(self) -> list[str]:
        """Headings that nobody knows; their cells never leave the file. A column without heading and cells is none."""
        return [name for name in self._unknown if name != NO_HEADING or self.unknown_seen[name]]

    @property
    def _unknown(self) -> list[str]:
        used, known = set(self.positions.values()), set(map(_folded, (*self._form.unread, *self._form.secret)))
        unread = [heading for n, heading in enumerate(self.sheet.headings) if n not in used]
        return [heading or NO_HEADING for heading in unread if _folded(heading) not in known]

    @property
    def secret_columns(self) -> dict[int, str]:
        """Where identity documents, medical fields and passwords stand, with their headings (G11)."""
        named = set(map(_folded, self._form.secret))
        places = {at: heading for at, heading in enumerate(self.sheet.headings) if at not in self.positions.values()}
        return {at: h for at, h in places.items() if _folded(h) in named or NEVER_READ.search(_folded(h))}

    @property
    def unread_columns(self) -> list[str]:
        """Headings that are mapped to nothing, known or not."""
        used = set(self.positions.values())
        return [heading or NO_HEADING for n, heading in enumerate(self.sheet.headings) if n not in used]

    @cached_property
    def writable(self) -> frozenset[str]:
        """The columns that an import file may change: those that an import takes, each in a column of its own."""
        places = Counter(self.positions.values())
        own = {name for name, at in self.positions.items() if places[at] == 1}
        outs = {f"{channel}_consent" for channel in CHANNELS if self._cells.out_word(f"{channel}_consent") is not None}
        return frozenset(own & (WRITABLE | outs) - self._form.fixed)

    @property
    def silent_outs(self) -> frozenset[str]:
        """Channels of which a no reads back as unknown."""
        return frozenset(channel for channel in CHANNELS if self._cells.is_silent(f"{channel}_consent"))

    def spell(self, after: Mapping[str, str | None]) -> None:
        """Raises VendorError for a value that this vendor's file cannot hold."""
        for name, value in after.items():
            self._cells.written(name, "", value)

    def import_file(self, changes: Sequence[Change], to: Path) -> None:
        """The rows of these changes as a file for the vendor's import: the operator's own, every other cell as it is.

        Raises VendorError when an id is not in it exactly once.
        """
        after: dict[str, dict[str, str | None]] = {}
        for change in changes:
            after.setdefault(change.profile_id or "", {}).update(change.after)
        met = Counter[str]()

        def edits(cells: Sequence[str]) -> dict[int, str] | None:
            row_id = self._cells.id_of(cells[self.positions["id"]])
            if row_id not in after:
                return None
            met[row_id] += 1
            return {self.positions[name]: self._written(name, cells, new) for name, new in after[row_id].items()}

        write_import(self._name, self._path, to, edits, self.secret_columns.keys())
        if strange := sorted(name for name in after if met[name] != 1):
            raise self._problem(f"holds {', '.join(strange)} not exactly once: nothing is handed over")

    def _written(self, name: str, cells: Sequence[str], new: str | None) -> str:
        return self._cells.written(name, cells[self.positions[name]], new)

    @property
    def _path(self) -> Path:
        if self._settings.path is None:
            raise VendorError(f"{self._name}: no file is named: write `path:` under the source", permanent=True)
        return self._settings.path

    def file_now(self) -> str:
        """SHA-256 of the file as it lies there."""
        try:
            with self._path.open("rb") as file:
                return file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise VendorError(
                f"{self._name}: the file {self._path} cannot be read ({error.strerror})", permanent=True
            ) from None

    def pages(self, evidence: Evidence) -> Iterator[Page]:
        """The file's profiles as tables of `FILE_FIELDS`; null where the file lacks a column, '' where a cell is empty.

        Rows without an id, and rows that cannot be read, mean no certificate: `evidence.end_mark` False, and a note.
        """
        evidence.contract["columns"] = "; ".join(f"{c}={self.sheet.headings[n]}" for c, n in self.positions.items())
        if self._cells.words:
            evidence.contract["words"] = str({name: dict(words) for name, words in sorted(self._cells.words.items())})
        self.digest = self.file_now()
        without_id, odd = 0, Counter[str]()
        self.unknown_seen.clear()
        for table in self._tables(self._count_unknown):
            named = table.filter(pc.not_equal(table["id"], ""))
            without_id += len(table) - len(named)
            odd.update(_odd_words(named))
            yield Page(named)
        problems = list(self.sheet.problems)
        if self.file_now() != self.digest:
            problems.append("it changed while it was read: run again when it is written to its end")
        if without_id:
            problems.append(
                f"{without_id} {'row has' if without_id == 1 else 'rows have'} no id: give them one, or take them out"
            )
        if problems:
            evidence.end_mark = False
        evidence.notes += problems + [
            f"{n} {'cell' if n == 1 else 'cells'} of {what}" for what, n in sorted(odd.items())
        ]

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
        unread = ", ".join(self.unread_columns) or "none"
        undated = (
            "no date stated: the file's own time stands for its age; `exported_at:` says when it was exported (G1a)"
        )
        return [
            CheckLine("file", ok=True, detail=f"{self._settings.path} is readable"),
            CheckLine("columns", ok=True, detail=f"{', '.join(read)}; not read: {unread}"),
            CheckLine("date", ok=True, detail=f"exported at {dated}" if dated else undated),
        ]

    def _tables(self, counted: Callable[[pa.Table], None] = lambda _: None) -> Iterator[pa.Table]:
        for raw in self.sheet.tables():
            counted(raw)
            columns = [
                self._cells.landed(name, raw.column(self.positions[name]))
                if name in self.positions
                else pa.nulls(len(raw), pa.string())
                for name in CANONICAL
            ]
            yield self._of_customers(pa.Table.from_arrays(columns, schema=FILE_FIELDS))

    def _of_customers(self, table: pa.Table) -> pa.Table:
        """Without the rows that stand for nobody in particular (M14)."""
        for name, cells in self._form.nobody.items():
            folded = pc.utf8_lower(pc.utf8_trim(table[name], characters=SPACES))
            table = table.filter(pc.invert(pc.is_in(folded, value_set=pa.array(cells))))
        return table

    def _count_unknown(self, raw: pa.Table) -> None:
        """Of a column that nobody knows the name is kept, and how many cells of it hold something."""
        unknown = set(self._unknown)
        for at, heading in enumerate(self.sheet.headings):
            if (name := heading or NO_HEADING) in unknown:
                self.unknown_seen[name] += pc.sum(pc.not_equal(raw.column(at), "")).as_py() or 0

    def _one_each(self, name: str, claiming: Sequence[str]) -> None:
        if len(distinct := list(dict.fromkeys(claiming))) > 1:
            said = [heading for heading in self.sheet.headings if _folded(heading) in distinct]
            two = " and ".join(f"`{heading}`" for heading in said)
            raise self._problem(
                f'has several columns for `{name}`: {two}: say which one it is, `columns: {{{name}: "…"}}`'
            )

    def _configured(self, name: str, heading: str, headings: list[str]) -> str:
        if name not in CANONICAL:
            raise self._problem(f"cannot give a `{name}`: columns are {', '.join(CANONICAL)}")
        if _folded(heading) in set(map(_folded, self._form.secret)) or NEVER_READ.search(_folded(heading)):
            raise self._problem(f"has a column `{heading}` that is never read (G11): take it out of `columns:`")
        if _folded(heading) not in headings:
            raise self._problem(f"has no column `{heading}` for `{name}`")
        return _folded(heading)

    def _problem(self, why: str) -> VendorError:
        headings = [heading for heading in self.sheet.headings if heading]
        found = "(a customer's values)" if any(map(_VALUE.search, headings)) else ", ".join(headings) or "none"
        text = f"{self._name}: the file {self._settings.path} {why}; headings found: {found}"
        return VendorError(text, permanent=True)

    def _has_phone(self, row: Record, value: str) -> bool:
        return any(is_number(row[name] or "", value, self._settings.region) for name in ("phone", "phone_2"))


def file_capabilities(reader: FileReader, form: Format = PLAIN) -> Capabilities:
    """Nothing can be written; the consent channels are those that the file has a column for (G9b)."""
    try:
        columns: Mapping[str, int] = reader.positions
        silent = reader.silent_outs
    except VendorError:
        columns, silent = {}, frozenset()
    return Capabilities(
        consent=frozenset(channel for channel in CHANNELS if f"{channel}_consent" in columns),
        silent_outs=silent,
        unique=form.unique,
        required=form.required,
    )


def view_of(record: Record) -> dict[str, str | None]:
    """One landed row in canonical fields, as `sql/shape/table.sql` gives them."""
    view = {name: clean(record.get(name)) for name in (*VIEW_FIELDS, *BALANCES)}
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
        odd[f"{column}: none of {', '.join(words)}, so read as {meaning}"] += (
            pc.sum(pc.and_kleene(pc.invert(known), pc.is_valid(cells))).as_py() or 0
        )
    return +odd


def _has_email(row: Record, value: str) -> bool:
    wanted = value.strip().casefold()
    return any((row[name] or "").strip().casefold() == wanted for name in ("email", "email_2"))


def _has_key(row: Record, value: str) -> bool:
    return bool(row["external_id"] == value)
