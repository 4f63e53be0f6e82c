"""`rollcall check`: is every source within reach, with the rights it needs, and what can it do; nothing is written."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from pydantic.fields import FieldInfo

from connectors.base import Connector, SourceSettings, connector_class
from jobs.workspace import Workspace


def check(workspace: Workspace) -> tuple[list[list[str]], bool]:
    """A table of what was tried, heading first, and whether all of it holds."""
    names = sorted(workspace.connectors)
    with ThreadPoolExecutor(max_workers=max(1, len(names))) as pool:
        lines = list(pool.map(lambda name: list(_lines(name, workspace.connectors[name])), names))
    rows = [row for block in lines for row in block]
    return [["source", "check", "", "detail"], *rows], all(row[2] != "FAILS" for row in rows)


def keys(kind: str) -> list[list[str]]:
    """What a source of a kind takes in the configuration, heading first: the kind's own keys, then those of every source."""
    fields = connector_class(kind).Settings.model_fields
    own_first = sorted(fields, key=lambda name: name in SourceSettings.model_fields)
    rows = [[name, _default(fields[name]), fields[name].description or ""] for name in own_first]
    return [["key", "default", "what it is"], *rows]


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "(required)"
    value = field.get_default(call_default_factory=True)
    return "" if value is None or value in ((), {}) else str(value)


def _lines(name: str, connector: Connector) -> Iterator[list[str]]:
    for line in connector.check():
        yield [name, line.name, "ok" if line.ok else "FAILS", line.detail]
    can = connector.capabilities
    actions = ", ".join(sorted(can.actions)) or "nothing (writes: off, or this driver cannot)"
    yield [name, "may write", "", actions]
    yield [name, "consent channels", "", ", ".join(sorted(can.consent)) or "none known"]
