"""Findings and corrections packed for the page: by column, repeated texts kept once, gzip, base64.

100,000 findings as rows of HTML are 24 MB and take a browser most of a minute; packed like this they are a tenth of
that and open in about a second. The page's script unpacks exactly what is written here.
"""

import base64
import gzip
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from itertools import chain
from typing import Any

import orjson

from reports import grid, rules
from reports.document import CorrectionLine, FindingLine, Member, RunReport
from reports.words import COMMANDS, config_flag

Column = dict[str, Any]
EMBEDDED_LIMIT = 250_000
"""Above this a browser's page grows too tall to be scrolled to its end; `report.json` and XLSX hold the rest."""

NOT_SAID = "\x00"
"""Stands for a cell without evidence, which is not the same as an empty value; shown it reads ␀."""

_FIRST_CHARACTER = 35
_ONE_CHARACTER = 50_000

_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


def pack(report: RunReport, findings: Sequence[FindingLine], corrections: Sequence[CorrectionLine]) -> str:
    """The packed document of one page, in the order given; the same input gives the same text."""
    document = {
        "run": report.run_id,
        "commands": COMMANDS,
        "flag": config_flag(report.config),
        "until": (date.fromisoformat(report.business_date) + timedelta(days=30)).isoformat(),
        "rules": _cited(findings, corrections),
        "findings": _findings(findings, corrections),
        "corrections": _corrections(findings, corrections),
    }
    return base64.b64encode(gzip.compress(orjson.dumps(document), compresslevel=6, mtime=0)).decode("ascii")


def shown(text: str) -> str:
    """The text with characters that are invisible, or that turn others around, spelled out."""
    return _UNSEEN.sub(_spelled, text) if _UNSEEN.search(text) else text


def _spelled(found: re.Match[str]) -> str:
    code = ord(found[0])
    return chr(0x2400 + code) if code < 0x20 else f"⟨U+{code:04X}⟩"


def _cited(findings: Iterable[FindingLine], corrections: Iterable[CorrectionLine]) -> dict[str, str]:
    ids = {rule for finding in findings for rule in finding.rule_ids}
    ids |= {rule for correction in corrections for rule in correction.rule_ids}
    return {shown(rule): rules.text(rule) for rule in sorted(ids)}


def _findings(findings: Sequence[FindingLine], corrections: Sequence[CorrectionLine]) -> dict[str, Any]:
    places = {correction.correction_id: at for at, correction in enumerate(corrections)}
    texts: dict[str, Sequence[str]] = {
        "severity": [f.severity for f in findings],
        "state": [f.state for f in findings],
        "kind": [f.kind for f in findings],
        "field": [f.field for f in findings],
        "title": [f.title for f in findings],
        "pairing": [f.pairing for f in findings],
        "store": [f.store or "" for f in findings],
        "rules": [" ".join(f.rule_ids) for f in findings],
        "proposal": [f.proposal for f in findings],
        "todo": ["\n".join(shown(step) for step in f.todo) for f in findings],
        "blocked": [f.blocked_by for f in findings],
        "who": [f.by_whom for f in findings],
        "first_seen": [f.first_seen for f in findings],
    }
    return {
        **{name: _column(column, keep_lines=name == "todo") for name, column in texts.items()},
        "id": [shown(f.finding_id) for f in findings],
        "nights": [f.nights_open for f in findings],
        "members": _members(findings),
        **_evidence(findings),
        "corrections": [[places[c] for c in f.correction_ids if c in places] for f in findings],
    }


def _corrections(findings: Sequence[FindingLine], corrections: Sequence[CorrectionLine]) -> dict[str, Any]:
    places = {finding.finding_id: at for at, finding in enumerate(findings)}
    texts: dict[str, Sequence[str]] = {
        "state": [c.standing for c in corrections],
        "source": [c.source for c in corrections],
        "profile": [c.profile_id for c in corrections],
        "action": [c.action for c in corrections],
        "reversible": [c.reversible for c in corrections],
        "lost": [c.lost for c in corrections],
        "needs": [", ".join(c.needs) for c in corrections],
        "asks": ["; ".join(c.asks) for c in corrections],
        "rules": [" ".join(c.rule_ids) for c in corrections],
        "why": [c.why for c in corrections],
        "blocked": [c.blocked_by for c in corrections],
        "after": [c.after_correction or "" for c in corrections],
        "detail": [c.detail for c in corrections],
    }
    return {
        **{name: _column(column) for name, column in texts.items()},
        "id": [shown(c.correction_id) for c in corrections],
        "change": _ragged([list(chain.from_iterable(change_rows(c))) for c in corrections]),
        "findings": [[places[f] for f in c.finding_ids if f in places] for c in corrections],
    }


def change_rows(correction: CorrectionLine) -> list[tuple[str, str, str]]:
    """Field, before and after, for each field that the correction touches."""
    before = {_side_less(fact.name): fact.value for fact in correction.before}
    after = {_side_less(fact.name): fact.value for fact in correction.after}
    return [(field, before.get(field, ""), after.get(field, "")) for field in dict.fromkeys([*before, *after])]


def _side_less(name: str) -> str:
    return name.removeprefix("before.").removeprefix("after.")


def _column(texts: Iterable[str], *, keep_lines: bool = False) -> Column:
    """Distinct texts once, frequent ones first, and for each row the place of its own."""
    counted = Counter(texts := list(texts))
    distinct = [text for text, _ in counted.most_common()]
    return {
        "texts": distinct if keep_lines else [shown(text) for text in distinct],
        "at": _places(texts, distinct),
    }


def _places(texts: Iterable[str], distinct: Sequence[str]) -> str | list[int]:
    """One character per row, which packs best; numbers where there are more distinct texts than such characters."""
    if len(distinct) > _ONE_CHARACTER:
        numbers = {text: at for at, text in enumerate(distinct)}
        return [numbers[text] for text in texts]
    characters = {text: chr(_FIRST_CHARACTER + at) for at, text in enumerate(distinct)}
    return "".join([characters[text] for text in texts])


def _ragged(rows: Sequence[Sequence[str]]) -> Column:
    """A column of several texts per row, end to end; `count` says how many are a row's own."""
    return {"count": [len(row) for row in rows], **_column(chain.from_iterable(rows))}


def _members(findings: Sequence[FindingLine]) -> Column:
    """The profiles of all findings, end to end. An admin page is kept as a pattern, since only the id in it differs."""
    members = [member for finding in findings for member in finding.members]
    return {
        "count": [len(finding.members) for finding in findings],
        "source": _column(member.source for member in members),
        "id": [shown(member.id) for member in members],
        "link": _column(_pattern(member) for member in members),
    }


def _pattern(member: Member) -> str:
    """`https://…/{id}`; '' for no link and for anything but https."""
    url = member.admin_url or ""
    if not url.startswith("https://") or "{id}" in url:
        return ""
    return url.replace(member.id, "{id}") if member.id and shown(member.id) == member.id else url


def _evidence(findings: Sequence[FindingLine]) -> dict[str, Column]:
    """Every finding's side-by-side table, and its other facts as name and value.

    `shape` is a table's fields, signs and odd cells; `cells` its values, row by row.
    """
    shapes: dict[tuple[tuple[str, str, tuple[int, ...]], ...], int] = {}
    at, cells, facts = [], [], []
    for finding in findings:
        table, others = grid.compare(finding)
        at.append(shapes.setdefault(tuple((row.field, row.sign, row.odd) for row in table), len(shapes)))
        cells.append([NOT_SAID if cell is None else cell for row in table for cell in row.cells])
        facts.append([text for fact in others for text in (fact.name, fact.value)])
    named = [[(shown(field), sign, odd) for field, sign, odd in shape] for shape in shapes]
    return {"shape": {"texts": named, "at": at}, "cells": _ragged(cells), "facts": _ragged(facts)}
