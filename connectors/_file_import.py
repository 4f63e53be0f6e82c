"""The operator's own file, opened again: the rows that change go into an import file, all other cells as they are.

Values stay what they are also where a spreadsheet would take one for a formula: an import file is for a vendor's
import. In a workbook every text is a text cell.
"""

import csv
import io
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, TextIO

import xlsxwriter

from connectors.base import VendorError
from connectors.sheets import encoding_of, heading_row, text_of, xlsx_rows

Edits = Callable[[Sequence[str]], Mapping[int, str] | None]
"""Told the cells of a row: what becomes of it, by column; None for a row that is not to be imported."""


def write_import(source: str, path: Path, to: Path, edits: Edits, secret: Set[int] = frozenset()) -> None:
    """Write heading and edited rows of `path` to `to`, in the same format, without the columns that are secret (G11).

    Raises VendorError.
    """
    write = _xlsx if path.suffix.lower().startswith(".xls") else _csv
    write(source, path, to, edits, secret)


def _csv(source: str, path: Path, to: Path, edits: Edits, secret: Set[int]) -> None:
    """The same separator, encoding, byte order mark and line ends."""
    encoding, _ = encoding_of(source, path)
    delimiter, _ = heading_row(path, encoding)
    with path.open("rb") as file:
        start = file.readline()
    marked = encoding == "utf-8" and start.startswith(b"\xef\xbb\xbf")
    ends = "\r\n" if start.endswith(b"\r\n") else "\n"
    csv.field_size_limit(sys.maxsize)
    with (
        path.open(encoding="utf-8-sig" if encoding == "utf-8" else encoding, newline="") as file,
        to.open("w", encoding="utf-8-sig" if marked else encoding, newline="") as out,
    ):
        try:
            _copy(_Rows(file, delimiter, ends), out.write, edits, secret)
        except UnicodeEncodeError as error:
            raise VendorError(
                f"{source}: the file {path} is in Windows-1252, which has no letter for a value that is to be written: "
                "export it as `CSV UTF-8`",
                permanent=True,
            ) from error


class _Rows:
    """The rows of a CSV file, each beside the text that it was read from."""

    def __init__(self, file: TextIO, delimiter: str, ends: str) -> None:
        self.delimiter, self.ends = delimiter, ends
        self._file = file
        self._read: list[str] = []
        # the whole cell as it is written: in quotation marks, with what may follow them, or plain
        self._cell = re.compile(rf'(?:"(?:[^"]|"")*")?[^{delimiter}]*')

    def __iter__(self) -> Iterator[tuple[list[str], str]]:
        for row in csv.reader(self._lines(), delimiter=self.delimiter):
            yield row, "".join(self._read)
            self._read.clear()

    def _lines(self) -> Iterator[str]:
        for line in self._file:
            self._read.append(line)
            yield line

    def written(self, row: Sequence[str], text: str, changes: Mapping[int, str], secret: Set[int]) -> str:
        """The row again, byte for byte but for what changes and what is left out."""
        body = text.rstrip("\r\n")
        raw, at = [], 0
        for _ in row:
            cell = self._cell.match(body, at)
            raw.append(cell[0] if cell else "")
            at += len(raw[-1]) + 1
        if next(csv.reader(io.StringIO(self.delimiter.join(raw), newline=""), delimiter=self.delimiter), []) != list(
            row
        ):
            raw = [self._spelled(cell, quoted=False) for cell in row]
        kept = [
            self._spelled(changes[n], quoted=cell.startswith('"')) if changes.get(n, row[n]) != row[n] else cell
            for n, cell in enumerate(raw)
            if n not in secret
        ]
        return self.delimiter.join(kept) + (text[len(body) :] or self.ends)

    def _spelled(self, value: str, *, quoted: bool) -> str:
        """A new value in quotation marks where the old one stood in some, or where it needs them."""
        needed = quoted or any(sign in value for sign in (self.delimiter, '"', "\r", "\n"))
        return '"' + value.replace('"', '""') + '"' if needed else value


def _copy(rows: _Rows, write: Callable[[str], Any], edits: Edits, secret: Set[int]) -> None:
    heading: list[str] = []
    for number, (row, text) in enumerate(rows):
        if number == 0:
            heading = row
        changes = {} if number == 0 else edits(row) if len(row) == len(heading) else None
        if changes is not None:
            write(rows.written(row, text, changes, secret))


def _xlsx(source: str, path: Path, to: Path, edits: Edits, secret: Set[int]) -> None:
    """The first sheet, with numbers, dates and their formats as they are."""
    workbook = xlsxwriter.Workbook(to, {"strings_to_formulas": False, "strings_to_urls": False, "in_memory": True})
    sheet, formats, count = workbook.add_worksheet(), dict[str, Any](), 0
    try:
        rows = xlsx_rows(source, path)
        heading = list(next(rows, ()))
        kept = [at for at in range(len(heading)) if at not in secret]
        _put(sheet, 0, [heading[at] for at in kept], {}, workbook, formats)
        for row in rows:
            texts = [text_of(cell) for cell in row]
            changes = edits(texts + [""] * (len(heading) - len(texts))) if any(texts) else None
            if changes is not None:
                count += 1
                own = {kept.index(at): value for at, value in changes.items()}
                _put(sheet, count, [row[at] for at in kept if at < len(row)], own, workbook, formats)
    finally:
        workbook.close()


def _put(
    sheet: Any, at: int, row: Sequence[Any], changes: Mapping[int, str], workbook: Any, formats: dict[str, Any]
) -> None:
    for column, cell in enumerate(row):
        if column not in changes and cell.value is not None:
            _keep(sheet, at, column, cell, workbook, formats)
    for column, value in changes.items():
        if value:
            sheet.write_string(at, column, value)


def _keep(sheet: Any, row: int, column: int, cell: Any, workbook: Any, formats: dict[str, Any]) -> None:
    """One cell as it was read."""
    value, shown = cell.value, cell.number_format or "General"
    if shown not in formats:
        formats[shown] = workbook.add_format({"num_format": shown})
    if isinstance(value, bool):
        sheet.write_boolean(row, column, value)
    elif isinstance(value, int | float):
        sheet.write_number(row, column, value, formats[shown])
    elif isinstance(value, datetime | date | time | timedelta):
        sheet.write_datetime(row, column, value, formats[shown])
    else:
        sheet.write_string(row, column, str(value))
