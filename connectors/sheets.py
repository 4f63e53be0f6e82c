"""CSV and XLSX as tables of text: nothing is guessed, nothing is lost, and what does not fit is counted."""

import codecs
import csv
import re
import threading
import warnings
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import islice
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.csv as pa_csv
from openpyxl.utils.exceptions import InvalidFileException

from connectors.base import VendorError

_BLOCK = 8 * 1024 * 1024
_ROWS = 20_000
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_HEAD = 4096
_ZIP = b"PK\x03\x04"
_SIGNS = {
    b"%PDF": "a PDF document: export the list as CSV or XLSX",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook (.xls): save it as .xlsx or CSV",
    b"\x1f\x8b": "a gzip archive: unpack it",
    b"{\\rtf": "a text document (RTF): export the list as CSV or XLSX",
}
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\v\f\r\x1b"))
_PAGE = re.compile(rb"\s*<(!doctype\s+html|html|\?xml)\b", re.IGNORECASE)


@dataclass(slots=True)
class Sheet:
    """One file: its headings as written, and its rows as tables with one text column per heading, named 0, 1, 2 …

    `misfits`: rows left out for their number of cells; known once `tables` has been read to its end.
    """

    headings: list[str]
    tables: Callable[[], Iterator[pa.Table]]
    open_quote: bool = False
    misfits: int = 0

    @property
    def problems(self) -> list[str]:
        """Sentences that each mean that rows were lost, or may have been."""
        found = []
        if self.open_quote:
            found.append("a quotation mark is never closed, so rows may have been swallowed: mend the file")
        if self.misfits:
            rows = "1 row does" if self.misfits == 1 else f"{self.misfits} rows do"
            found.append(f"{rows} not fit the {len(self.headings)} headings: mend them")
        return found


def open_sheet(source: str, path: Path) -> Sheet:
    """Raises VendorError, naming the file, when it is not there or is none of the formats."""
    readers = {".csv": _csv, ".tsv": _csv, ".txt": _csv, ".xlsx": _xlsx, ".xlsm": _xlsx}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise _unusable(source, path, f"is none of {', '.join(readers)}: export it as CSV or XLSX")
    if not path.is_file():
        raise _unusable(source, path, "is not there: export the customer list to this place, or correct `path`")
    if why := _is_no_list(path, of_text=reader is _csv):
        raise _unusable(source, path, why)
    return reader(source, path)


def _is_no_list(path: Path, *, of_text: bool) -> str:
    """What a file is that cannot be what its ending says, by its first bytes, and what to do; empty where it can."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if not head.removeprefix(codecs.BOM_UTF8).strip():
        return "is empty: export the customer list to this place anew"
    known = next((f"is {what}" for sign, what in _SIGNS.items() if head.startswith(sign)), "")
    if known or _PAGE.match(head.removeprefix(codecs.BOM_UTF8)):
        return known or "is a web page, perhaps a login or an error, and no list: export the customer list anew"
    if not of_text:
        return "" if head.startswith(_ZIP) else "is no XLSX workbook, whatever its ending says: export it anew"
    if head.startswith(_ZIP):
        return "is a workbook or another ZIP archive: give a workbook the ending .xlsx, unpack anything else"
    return "is no text but binary data: export the list as CSV or XLSX" if _is_binary(head) else ""


def _is_binary(head: bytes) -> bool:
    """One odd byte in a cell sets a record aside; here the headings themselves, or much of the beginning, are no text."""
    if head.startswith(_UTF16):
        return False
    odd = len(head) - len(head.translate(None, _CONTROLS))
    is_utf8 = _decodes(codecs.getincrementaldecoder("utf-8")(), head, final=False)
    return b"\0" in head.split(b"\n")[0] or (not is_utf8 and odd > len(head) / 30)


def _unusable(source: str, path: Path, why: str) -> VendorError:
    return VendorError(f"{source}: the file {path} {why}", permanent=True)


def _csv(source: str, path: Path) -> Sheet:
    encoding, quotes = encoding_of(source, path)
    delimiter, headings = heading_row(path, encoding)
    sheet = Sheet(headings, lambda: _csv_tables(source, path, sheet, encoding, delimiter), open_quote=quotes % 2 == 1)
    return sheet


def encoding_of(source: str, path: Path) -> tuple[str, int]:
    """The encoding, and how many quotation marks there are, in one pass over the bytes."""
    decoder, encoding, quotes = codecs.getincrementaldecoder("utf-8")(), "utf-8", 0
    with path.open("rb") as file:
        if file.read(2) in _UTF16:
            raise _unusable(source, path, "is in UTF-16: save it as `CSV UTF-8`")
        file.seek(0)
        for block in iter(lambda: file.read(_BLOCK), b""):
            quotes += block.count(b'"')
            encoding = encoding if encoding == "cp1252" or _decodes(decoder, block, len(block) < _BLOCK) else "cp1252"
    return encoding, quotes


def _decodes(decoder: codecs.IncrementalDecoder, block: bytes, final: bool) -> bool:
    try:
        decoder.decode(block, final)
    except UnicodeDecodeError:
        return False
    return True


def heading_row(path: Path, encoding: str) -> tuple[str, list[str]]:
    """The separator is the one that cuts the first row into the most cells."""
    best: tuple[str, list[str]] = (",", [])
    for delimiter in (",", ";", "\t"):
        with path.open(encoding="utf-8-sig" if encoding == "utf-8" else encoding, errors="replace", newline="") as file:
            cells = next(csv.reader(file, delimiter=delimiter), [])
        best = (delimiter, cells) if len(cells) > len(best[1]) else best
    return best


def _csv_tables(source: str, path: Path, sheet: Sheet, encoding: str, delimiter: str) -> Iterator[pa.Table]:
    names = [str(n) for n in range(len(sheet.headings))]
    sheet.misfits, guard = 0, threading.Lock()

    def skip(row: Any) -> str:
        with guard:
            sheet.misfits += 1
        return "skip"

    try:
        reader = pa_csv.open_csv(
            path,
            read_options=pa_csv.ReadOptions(
                column_names=names, skip_rows_after_names=1, encoding=encoding, block_size=_BLOCK
            ),
            parse_options=pa_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True, invalid_row_handler=skip),
            convert_options=pa_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
            ),
        )
        with reader:
            yield from (pa.Table.from_batches([batch]) for batch in reader if batch.num_rows)
    except (pa.ArrowInvalid, UnicodeDecodeError) as error:
        raise _unusable(source, path, f"cannot be read as CSV ({str(error).splitlines()[0][:80]})") from None


def _xlsx(source: str, path: Path) -> Sheet:
    first = next(xlsx_rows(source, path), ())
    headings = [text_of(cell) for cell in first]
    while headings and not headings[-1]:
        headings.pop()
    if not headings:
        raise _unusable(source, path, "has nothing in the first row of its first sheet, where the headings have to be")
    sheet = Sheet(headings, lambda: _xlsx_tables(source, path, sheet))
    return sheet


def xlsx_rows(source: str, path: Path) -> Iterator[Sequence[Any]]:
    try:
        with warnings.catch_warnings(action="ignore", category=UserWarning):
            book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        try:
            sheet = book.worksheets[0]
            sheet.reset_dimensions()  # some programs write a size that cuts rows off
            yield from sheet.iter_rows()
        finally:
            book.close()
    except (zipfile.BadZipFile, InvalidFileException, KeyError, IndexError, SyntaxError, ValueError) as error:
        raise _unusable(source, path, f"cannot be read as XLSX ({type(error).__name__}): export it anew") from None


def _xlsx_tables(source: str, path: Path, sheet: Sheet) -> Iterator[pa.Table]:
    width, sheet.misfits = len(sheet.headings), 0
    rows = ([text_of(cell) for cell in row] for row in islice(xlsx_rows(source, path), 1, None))
    filled = (row for row in rows if any(row))
    for some in iter(lambda: list(islice(filled, _ROWS)), []):
        fitting = [row[:width] + [""] * (width - len(row)) for row in some if not any(row[width:])]
        sheet.misfits += len(some) - len(fitting)
        columns = [pa.array(column, pa.string()) for column in zip(*fitting, strict=True)]
        if fitting:
            yield pa.Table.from_arrays(columns, [str(n) for n in range(width)])


def text_of(cell: Any) -> str:
    """A cell as a person reads it: whole numbers without `.0`, zeros kept that the cell's format shows."""
    value = cell.value
    if value is None or cell.data_type == "e":
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and re.fullmatch("0+", cell.number_format or ""):
        return str(value).zfill(len(cell.number_format))
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, (datetime, date, time)) else str(value)
