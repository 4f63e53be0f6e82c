"""Before a shop goes live: what blocks it, per store (T9, P3). Reads every source, plans and writes nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from itertools import groupby
from pathlib import Path
from typing import Any

import sql
from jobs import night
from jobs.progress import Progress
from jobs.pull import Pulled
from jobs.warehouse import Warehouse
from jobs.workspace import Workspace
from reports import golive
from reports.golive import GoLiveReport, Holder, Reason, SharedNumber, SplitPerson, StoreLine, Unread
from reports.mask import mask, masks


@dataclass(frozen=True, slots=True)
class Scan:
    """What the scan says in a sentence, where it lies, and its exit code: 3 where a source could not be read, whatever
    else is known; 4 where all was read and something blocks (interfaces, Exit codes)."""

    report: GoLiveReport
    sentence: str
    page: Path
    workbook: Path
    exit_code: int


def scan(workspace: Workspace, out: Path | None = None, *, progress: Progress | None = None) -> Scan:
    """Pull every source and write the go-live page and workbook into `out` (the workspace's reports by default).

    Raises LockHeld, ConfigError.
    """
    with night.matched(workspace, progress) as (warehouse, pulled):
        report = _report(workspace, warehouse, pulled)
    folder = out or workspace.reports
    page, workbook = folder / "golive.html", folder / "golive.xlsx"
    golive.write_html(report, page)
    golive.write_xlsx(report, workbook)
    status, sentence = golive.verdict(report)
    code = 3 if golive.unread_names(report) else {"complete": 0, "incomplete": 3, "stopped": 4}[status]
    return Scan(report, sentence, page, workbook, code)


def _report(workspace: Workspace, warehouse: Warehouse, pulled: Mapping[str, Pulled]) -> GoLiveReport:
    shared = _rows(warehouse, "shared")
    tills = [source for source in workspace.settings.sources.values() if source.role == "pos"]
    return GoLiveReport(
        presets=tuple(sorted({pairing.preset for pairing in workspace.settings.pairings})),
        logins=any(source.logins == "treez_ecommerce" for source in tills),
        group=workspace.settings.group,
        made_at=workspace.clock.now(),
        time_zone=workspace.settings.time_zone,
        rollcall_version=version("rollcall"),
        stores=_stores(workspace, warehouse, pulled),
        unread=[Unread(source=name, problem=source.problem) for name, source in pulled.items() if not source.certified],
        shared=[_shared(workspace, list(rows)) for _, rows in groupby(shared, key=lambda r: (r["source"], r["phone"]))],
        split=[
            _split(workspace, list(rows))
            for _, rows in groupby(_rows(warehouse, "split"), key=lambda r: r["entity_id"])
        ],
        without_phone=[_holder(workspace, row) for row in _rows(warehouse, "without_phone")],
    )


def _rows(warehouse: Warehouse, name: str) -> list[dict[str, Any]]:
    (query,) = sql.script(f"golive/{name}").statements
    return warehouse.rows(query)


def _stores(workspace: Workspace, warehouse: Warehouse, pulled: Mapping[str, Pulled]) -> list[StoreLine]:
    known = {row["source"]: row for row in _rows(warehouse, "stores")}
    return [
        _store(name, source.store or name, pulled[name], known.get(name))
        for name, source in workspace.settings.sources.items()
        if source.role == "pos"
    ]


def _store(name: str, store: str, pulled: Pulled, row: dict[str, Any] | None) -> StoreLine:
    taken_at = pulled.used.taken_at if pulled.used else None
    if row is None:
        return StoreLine(
            store=store, source=name, certified=pulled.certified, problem=pulled.problem, taken_at=taken_at, customers=None,
            ready=None, not_ready=None, reasons=[], blocking=None,
        )  # fmt: skip
    reasons = [
        Reason(reason=reason, count=row[column])
        for reason, column in (
            ("the phone is on several profiles", "shared"),
            ("no phone", "no_phone"),
            ("the phone cannot be dialled", "not_dialled"),
        )
        if row[column]
    ]
    return StoreLine(
        store=store, source=name, certified=pulled.certified, problem=pulled.problem, taken_at=taken_at,
        customers=row["customers"], ready=row["ready"], not_ready=row["customers"] - row["ready"], reasons=reasons,
        blocking=row["shared"],
    )  # fmt: skip


def _shared(workspace: Workspace, rows: list[dict[str, Any]]) -> SharedNumber:
    first = rows[0]
    reasons = [
        "active",
        *(["verified"] if first["verified"] else []),
        *(["latest visit"] if first["last_visit"] else []),
    ]
    why = ", ".join([*reasons, "lowest id"])
    if first["placeholder"]:
        why = "a placeholder: clear it on all of them"
    return SharedNumber(
        source=first["source"],
        phone=mask("phone", first["phone"]),
        profiles=[_holder(workspace, row) for row in rows],
        survivor=first["id"],
        why=why,
        household=first["household"],
    )


def _split(workspace: Workspace, rows: list[dict[str, Any]]) -> SplitPerson:
    phones = masks("phone", [row["phone"] for row in rows])
    holders = [
        _holder(workspace, row).model_copy(update={"phone": phone}) for row, phone in zip(rows, phones, strict=True)
    ]
    return SplitPerson(name=holders[0].name, profiles=holders, why="same email, and the name or birth date agrees")


def _holder(workspace: Workspace, row: dict[str, Any]) -> Holder:
    parts = [mask("first_name", row["first_name"]), mask("last_name", row["last_name"])]
    name = " ".join(part for part in parts if part) or mask("full_name", row["full_name"])
    return Holder(
        source=row["source"],
        id=row["id"],
        name=name,
        phone=mask("phone", row.get("phone")),
        status=row["status"],
        verified=row["verified"],
        last_visit=row["last_visit"],
        points=row["points"] or "",
        credit=row["credit"] or "",
        admin_url=workspace.connectors[row["source"]].admin_url(row["id"]),
    )
