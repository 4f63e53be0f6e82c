"""`rollcall check`: is every source within reach, with the rights it needs, and what can it do; nothing is written."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

from pydantic.fields import FieldInfo

from connectors.base import Connector, SourceSettings, connector_class
from connectors.file_source import FileSettings
from jobs.settings import Settings
from jobs.state import State


def check(
    settings: Settings, connectors: Mapping[str, Connector], state: State | None
) -> tuple[list[list[str]], list[str]]:
    """A table of what was tried, heading first, and the sources of which not all of it holds.

    `state`: None where nothing was ever run here; checking makes nothing.
    """
    names = sorted(connectors)
    with ThreadPoolExecutor(max_workers=max(1, len(names))) as pool:
        lines = list(pool.map(lambda name: list(_lines(name, connectors[name])), names))
    rows = [row for block in lines for row in block]
    failing = sorted({row[0] for row in rows if row[2] == "FAILS"})
    return [["source", "check", "", "detail"], *rows, *_observing(settings, state)], failing


def _observing(settings: Settings, state: State | None) -> Iterator[list[str]]:
    """How far each pairing is with the nights in which it only observes (G14)."""
    for pairing in settings.pairings:
        if pairing.observe_nights:
            done = min(pairing.observe_nights, state.pairing_nights(pairing.observed_as) if state else 0)
            said = f"{done} of {pairing.observe_nights} certified nights done; a business date counts once (G14)"
            yield [pairing.id, "only observes" if done < pairing.observe_nights else "observed", "", said]


def keys(kind: str) -> list[list[str]]:
    """What a source of a kind takes in the configuration, heading first: the kind's own keys, then those of every source."""
    fields = {**connector_class(kind).Settings.model_fields}
    fields |= {name: field for name, field in FileSettings.model_fields.items() if name not in fields}
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
