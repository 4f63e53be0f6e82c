"""A finished run as one HTML file that needs nothing else, and as `report.json`.

The page loads nothing, sends nothing and runs no script but its own (its policy names them by hash). Without scripts,
and on paper, the summary and the first findings and corrections are ordinary tables.
"""

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import orjson
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from reports import grid, payload, rules, summary
from reports.document import FindingLine, RunReport
from reports.filing import write_bytes
from reports.words import config_flag, many, plural, runnable

ROOM = Path(__file__).parent
SCHEMA = ROOM / "report.schema.json"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
FIRST = 200
"""How many findings and corrections are in the page as plain tables, for paper and for browsers without scripts."""


@dataclass(frozen=True, slots=True)
class Beside:
    """One of several reports that lie in one folder, in order: how it is called, and its file; '' is the page itself."""

    name: str
    file: str


def write_html(report: RunReport, path: Path, beside: Sequence[Beside] = ()) -> None:
    """Write the page, whole or not at all, readable by its owner only. Raises OSError."""
    write_bytes(path, html(report, beside).encode())


def write_json(report: RunReport, path: Path) -> None:
    """Write `report.json`: sorted keys, the same bytes for the same report. Raises OSError."""
    options = orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
    write_bytes(path, orjson.dumps(report.model_dump(mode="json"), option=options))


def schema_text() -> str:
    """The JSON Schema of `report.json`, as kept in `report.schema.json`."""
    schema = RunReport.model_json_schema(mode="serialization")
    return json.dumps({"$schema": _DIALECT, **schema}, indent=2, sort_keys=True) + "\n"


def html(report: RunReport, beside: Sequence[Beside] = ()) -> str:
    """The page as text; the same report gives the same text."""
    findings = summary.by_attention(report.findings)
    corrections = summary.plan_order(report.corrections)
    embedded = findings[: payload.EMBEDDED_LIMIT], corrections[: payload.EMBEDDED_LIMIT]
    return page(
        "report.html.j2",
        report=report,
        flag=config_flag(report.config),
        beside=beside,
        groups=summary.tile_groups(report),
        gaps=summary.gaps(report),
        breakers=summary.breaker_table(report.breakers),
        longest=max((step.seconds for step in report.steps), default=0),
        first_findings=findings[:FIRST],
        first_corrections=corrections[:FIRST],
        choices=_choices(report),
        left_out=len(findings) - len(embedded[0]) + len(corrections) - len(embedded[1]),
        packed=Markup(payload.pack(report, *embedded)),  # noqa: S704  base64 holds no markup
        script=asset("list.js") + asset("report.js"),
    )


def page(template: str, **values: Any) -> str:
    """Render one of this room's templates with its style; `script`, where given, runs inside it."""
    style, script = asset("report.css"), values.pop("script", Markup(""))
    policy = "; ".join([
        "default-src 'none'", f"script-src '{_hash(script)}'", f"style-src '{_hash(style)}'", "img-src data:",
        "base-uri 'none'", "form-action 'none'",
    ])  # fmt: skip
    return _environment().get_template(template).render(values, style=style, script=script, policy=policy)


@cache
def asset(name: str) -> Markup:
    """A file of our own that goes into the page as it is."""
    text = (ROOM / "assets" / name).read_text(encoding="utf-8")
    assert "</" not in text, f"{name} must not hold a closing tag: it would end its own element"
    return Markup(text)  # noqa: S704  our own file


def _hash(content: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(content.encode()).digest()).decode("ascii")


def _choices(report: RunReport) -> dict[str, list[str]]:
    """What the lists can be filtered by."""
    return {
        "kind": sorted({finding.kind for finding in report.findings}),
        "source": sorted({member.source for finding in report.findings for member in finding.members}),
        "plan.source": sorted({correction.source for correction in report.corrections}),
        "plan.action": sorted({correction.action for correction in report.corrections}),
    }


@pass_context
def _finalized(context: Context, value: Any) -> Any:
    """Every text that the page says: unseen characters spelled, commands as they have to be typed."""
    return runnable(payload.shown(value), context.get("flag", "")) if type(value) is str else value


@cache
def _environment() -> Environment:
    """Every template is escaped whatever its name (the default spares names such as `*.html.j2`), every value spelled."""
    environment = Environment(
        loader=FileSystemLoader(ROOM / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalized,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "many": many, "plural": plural,
        "words": summary.words, "outcome": summary.outcome, "number": summary.number, "age": summary.age,
        "moment": summary.moment, "rule": rules.text, "changes": payload.change_rows, "differences": differences,
    }  # fmt: skip
    environment.globals |= {
        "severities": summary.SEVERITIES, "finding_states": summary.FINDING_STATES,
        "correction_states": summary.CORRECTION_STATES, "settled": summary.SETTLED,
    }  # fmt: skip
    return environment


def differences(finding: FindingLine) -> tuple[list[grid.Row], list[str]]:
    """For the plain table: the row of the finding's own field, or the first that differs; and what else does."""
    differing = [row for row in grid.rows(finding) if row.sign in {"differs", "hidden"}]
    return differing[:1], [row.field for row in differing[1:]]
