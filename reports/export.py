"""A finished run as tables: XLSX for people, CSV for machines.

Every text is a text: a name like `=1+1` never becomes a formula, an id keeps its zeros, a link is not followed. CSV
holds values as they are, so a phone keeps its `+` and the file is not for spreadsheets.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import attrgetter
from pathlib import Path
from typing import Any, Protocol

import xlsxwriter

from reports import merging, summary
from reports.document import WAITING, CorrectionLine, FindingLine, RunReport, SourceLine
from reports.filing import private_file
from reports.payload import change_rows

Cell = str | int | float | bool | None

ENTITIES = ("source", "profile_id", "entity_id", "status")
LINKS = ("ecom_source", "ecom_id", "pos_source", "pos_id", "rule", "state")
SUSPECTS = ("left_source", "left_id", "right_source", "right_id", "probability", "weight")

UNDATED = datetime(1980, 1, 1, tzinfo=UTC)
"""What a workbook says of its making where nobody says more: the same lists give the same bytes."""
EXCEL_ROWS = 1_048_575
EXCEL_CHARACTERS = 32_767


@dataclass(frozen=True, slots=True)
class Table:
    """A name, a heading and rows of that width."""

    name: str
    heading: tuple[str, ...]
    rows: list[tuple[Cell, ...]]


class _Column(Protocol):
    def __call__(self, line: Any, /) -> Cell: ...


def write_csv(path: Path, heading: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    """UTF-8, LF, RFC 4180 quotes where needed, sorted as text by all columns from the left; None is an empty cell.

    Raises ValueError for a row that is not as wide as the heading, OSError when the file cannot be written.
    """
    texts = [tuple(_text(cell) for cell in row) for row in rows]
    for row in texts:
        if len(row) != len(heading):
            raise ValueError(f"{path.name}: a row of {len(row)} cells under a heading of {len(heading)}: {heading}")
    lines = [",".join(_quoted(cell) for cell in row) for row in (tuple(heading), *sorted(texts))]
    with private_file(path) as part:
        part.write_bytes(("\n".join(lines) + "\n").encode("utf-8", errors="replace"))


def _text(cell: Cell) -> str:
    if cell is None:
        return ""
    return str(cell).lower() if isinstance(cell, bool) else str(cell)


def _quoted(text: str) -> str:
    """Quoted wherever a reader could otherwise see more cells, fewer blanks or another line."""
    plain = text == text.strip() and not any(sign in text for sign in ',"\n\r')
    return text if plain else '"' + text.replace('"', '""') + '"'


def table(report: RunReport, what: str) -> tuple[tuple[str, ...], list[tuple[Cell, ...]]]:
    """Heading and rows of `findings`, `plan`, `journal` or `merges`. Raises KeyError for anything else."""
    if what == "merges":
        return merging.HEADING, list[tuple[Cell, ...]](merging.rows(report))
    made = {"findings": findings_table, "plan": plan_table, "journal": journal_table}[what](report)
    return made.heading, made.rows


def write(path: Path, name: str, heading: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
    """One list as a file: a sheet for people where the path ends in `.xlsx`, CSV for machines otherwise."""
    if path.suffix.lower() == ".xlsx":
        write_sheets(path, [Table(name, tuple(heading), [tuple(row) for row in rows])])
    else:
        write_csv(path, heading, rows)


def findings_table(report: RunReport) -> Table:
    """One row per finding."""
    return _table("findings", _FINDING, summary.by_attention(report.findings))


def plan_table(report: RunReport) -> Table:
    """One row per correction, whatever became of it."""
    return _table("plan", _CORRECTION, summary.plan_order(report.corrections))


def journal_table(report: RunReport) -> Table:
    """One row per correction that was tried."""
    tried = (line for line in summary.plan_order(report.corrections) if line.state not in WAITING)
    return _table("journal", _CORRECTION, tried)


def write_xlsx(report: RunReport, path: Path) -> None:
    """Summary, sources, findings, plan and journal, a sheet each, for people. Raises OSError."""
    tables = [_summary_table(report), _sources_table(report)]
    write_sheets(path, [*tables, findings_table(report), plan_table(report), journal_table(report)], report.finished_at)


def write_sheets(path: Path, tables: Sequence[Table], made_at: datetime = UNDATED) -> None:
    """One sheet per table, filterable, heading fixed. A sheet's rows beyond Excel's limit go on in a further sheet."""
    with private_file(path) as part:
        options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
        workbook = xlsxwriter.Workbook(part, {**options, "constant_memory": True, "tmpdir": str(part.parent)})
        workbook.set_properties({"created": made_at.replace(tzinfo=None)})
        bold = workbook.add_format({"bold": True, "bottom": 1})
        for table in tables:
            for number, rows in enumerate(_chunks(table.rows)):
                name = table.name if number == 0 else f"{table.name} {number + 1}"
                _write_sheet(workbook.add_worksheet(name), table.heading, rows, bold)
        workbook.close()


def _chunks(rows: list[tuple[Cell, ...]]) -> Iterable[list[tuple[Cell, ...]]]:
    return [rows[start : start + EXCEL_ROWS] for start in range(0, len(rows), EXCEL_ROWS)] or [[]]


def _write_sheet(sheet: Any, heading: Sequence[str], rows: list[tuple[Cell, ...]], bold: Any) -> None:
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, len(rows), len(heading) - 1)
    for at, title in enumerate(heading):
        widest = max((len(_text(row[at])) for row in rows[:200]), default=0)
        sheet.set_column(at, at, min(60, max(len(title) + 4, widest + 1)))
        sheet.write_string(0, at, summary.words(title), bold)
    for number, row in enumerate(rows, start=1):
        for at, cell in enumerate(row):
            _write_cell(sheet, number, at, cell)


def _write_cell(sheet: Any, row: int, column: int, cell: Cell) -> None:
    """Counts stay numbers, so that people can sort and add them; everything else is text."""
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        sheet.write_number(row, column, cell)
    elif cell not in {None, ""}:
        sheet.write_string(row, column, _fitting(_text(cell)))


def _fitting(text: str) -> str:
    """What fits into a cell of Excel; a cut says that it is one."""
    text = text.encode("utf-8", errors="replace").decode("utf-8")
    return text if len(text) <= EXCEL_CHARACTERS else f"{text[: EXCEL_CHARACTERS - 12]} … (cut off)"


def _table(name: str, columns: dict[str, _Column], lines: Iterable[Any]) -> Table:
    return Table(name, tuple(columns), [tuple(column(line) for column in columns.values()) for line in lines])


def _summary_table(report: RunReport) -> Table:
    rows: list[tuple[Cell, ...]] = [
        ("run", report.run_id, ""),
        ("group", report.group, ""),
        ("status", report.status, ""),
        ("said", report.headline, ""),
        *(("without certificate", f"{gap.source}: {gap.sentence}", gap.todo) for gap in summary.gaps(report)),
        *(("worth knowing", warning, "") for warning in report.warnings),
        *((tile.label, tile.value, tile.change) for group in summary.tile_groups(report) for tile in group.tiles),
    ]
    return Table("summary", ("what", "value", "change or next step"), rows)


def _sources_table(report: RunReport) -> Table:
    return _table("sources", _SOURCE, report.sources)


def _joined(name: str) -> Callable[[Any], str]:
    return lambda line: ";".join(getattr(line, name))


def _members(line: FindingLine) -> str:
    return ";".join(f"{member.source}:{member.id}" for member in line.members)


def _evidence(line: FindingLine) -> str:
    return "; ".join(f"{fact.name}={fact.value}" for fact in line.evidence)


def _changes(line: CorrectionLine) -> str:
    return "; ".join(f"{field}: {before or 'empty'} → {after or 'empty'}" for field, before, after in change_rows(line))


def _proofs(line: SourceLine) -> str:
    return ", ".join(f"{proof.name} {summary.outcome(proof)}" for proof in line.proofs)


def _plain(*names: str) -> dict[str, _Column]:
    return {name: attrgetter(name) for name in names}


_SOURCE: dict[str, _Column] = {
    **_plain("source", "kind", "role", "store", "certified", "profiles", "active", "quarantined"),
    **_plain("used_snapshot", "age_hours", "problem", "todo"),
    "proofs": _proofs,
}
_FINDING: dict[str, _Column] = {
    **_plain("finding_id", "severity", "state", "kind", "title", "field", "pairing", "store"),
    "members": _members,
    "rule_ids": _joined("rule_ids"),
    **_plain("proposal", "blocked_by", "first_seen", "nights_open"),
    "todo": _joined("todo"),
    "by_whom": attrgetter("by_whom"),
    "evidence": _evidence,
    "correction_ids": _joined("correction_ids"),
}
_CORRECTION: dict[str, _Column] = {
    **_plain("correction_id", "state", "source", "profile_id", "action"),
    "change": _changes,
    "why": attrgetter("why"),
    "rule_ids": _joined("rule_ids"),
    "finding_ids": _joined("finding_ids"),
    **_plain("reversible", "lost"),
    "needs": _joined("needs"),
    "asks": _joined("asks"),
    **_plain("blocked_by", "after_correction", "detail", "fingerprint"),
}
