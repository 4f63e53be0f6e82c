"""`rollcall check`: is every source within reach, with the rights it needs, and what can it do; nothing is written."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import get_args
from urllib.parse import urlsplit

import pyarrow as pa
from pydantic.fields import FieldInfo

from connectors.base import VIEW_FIELDS, Action, Connector, Record, SourceSettings, VendorError
from connectors.file_source import FileSettings
from connectors.http import Stats
from connectors.kinds import connector_class
from jobs.fitting import Fitter
from jobs.foretell import foretell, pasts
from jobs.settings import Pairing, Settings
from jobs.workspace import Workspace
from reports.words import many, plural

HEAD = ["source", "check", "result", "detail"]
SHOWN = ("first_name", "last_name", "birth_date", "phone", "email", "street", "group", "note")
"""Fields of which page one tells how often they are filled: a key that is mapped wrongly reads 0."""


def check(
    settings: Settings, connectors: Mapping[str, Connector], workspace: Workspace | None
) -> tuple[list[list[str]], list[str]]:
    """A table of what was tried, heading first, and the sources of which not all of it holds.

    `workspace`: None where nothing was ever run here; checking makes nothing.
    """
    names, known = sorted(connectors), pasts(settings, workspace)

    def lines(name: str) -> list[list[str]]:
        return list(_lines(name, connectors[name], lambda it: foretell(it, known[name], settings, workspace)))

    with ThreadPoolExecutor(max_workers=max(1, len(names))) as pool:
        rows = [row for block in pool.map(lines, names) for row in block]
    failing = sorted({row[0] for row in rows if row[2] == "FAILS"})
    return [HEAD, *rows, *_observing(settings, workspace)], failing


def _observing(settings: Settings, workspace: Workspace | None) -> Iterator[list[str]]:
    """How far each pairing is with the nights in which it only observes (G14)."""
    for pairing in settings.pairings:
        if pairing.observe_nights:
            nights = _nights(pairing, workspace) if workspace else 0
            done = min(pairing.observe_nights, nights)
            said = (
                f"{done} of {many(pairing.observe_nights, 'certified night')} done; a business date counts once (G14)"
            )
            yield [pairing.id, "only observes" if done < pairing.observe_nights else "observed", "", said]


def _nights(pairing: Pairing, workspace: Workspace) -> int:
    return workspace.state.pairing_nights(pairing.observed_as, today=workspace.today())


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


def _lines(name: str, connector: Connector, judge: Callable[[Connector], tuple[bool, str]]) -> Iterator[list[str]]:
    own = [[name, line.name, "ok" if line.ok else "FAILS", line.detail] for line in connector.check()]
    reached = list(_reached(connector))
    yield from ([name, *row] for row in reached)
    yield from own
    if all(row[1] != "FAILS" for row in reached):
        page = _first_page(connector)
        yield [name, *page]
        if connector.settings.driver == "files" and page[1] != "FAILS":
            certified, told = judge(connector)
            yield [name, "as a run judges it", "ok" if certified else "FAILS", told]
    yield from ([name, *row] for row in _abilities(connector))


def _reached(connector: Connector) -> Iterator[list[str]]:
    """What the requests that were made tell, whatever they asked for; nothing of a file."""
    if connector.settings.driver == "files" or not hasattr(connector.settings, "base_url"):
        return
    try:
        stats: Stats = getattr(getattr(connector, "http", None), "stats", Stats())
    except VendorError as error:
        yield ["credentials", "FAILS", str(error)]
        return
    host, answers = urlsplit(str(connector.settings.base_url)).hostname, stats.statuses.total()
    if not answers:
        yield ["reach", "FAILS", f"{host} does not answer: check base_url and this machine's way to the network"]
        return
    yield ["reach", "ok", f"{host} answers"]
    if any(status < 300 for status in stats.statuses):
        yield ["credentials", "ok", "accepted"]
    else:
        told = ", ".join(map(str, sorted(stats.statuses)))
        yield ["credentials", "FAILS", f"nothing was let through (answers: {told}): the lines below say why"]


def _first_page(connector: Connector) -> list[str]:
    """Page one as a pull would land it: how many fit, what is filled, and which fields nobody knows. Never a value."""
    fitter = Fitter(connector.FIELDS, connector.ID, connector.DROPPED)
    try:
        page = connector.first_page()
    except VendorError as error:
        return ["page one", "FAILS", str(error)]
    if page is None:
        return ["page one", "ok", "nobody is listed"]
    fitted = fitter.fit(page.records)
    records = page.records.to_pylist() if isinstance(page.records, pa.Table) else page.records
    told = [many(len(records), "profile"), *_filled(connector, records)]
    if fitted.misfits:
        odd = f"{len(fitted.misfits)} {plural(len(fitted.misfits), 'does')} not fit"
        told.append(f"{odd}: {'; '.join(sorted({why for _, why in fitted.misfits}))}")
    if fitter.unknown:
        told.append(f"fields that are not known: {', '.join(sorted({field for field, _ in fitter.unknown}))}")
    if fitted.unreadable:
        return [
            "page one",
            "FAILS",
            "; ".join([*told, f"{fitted.unreadable} {plural(fitted.unreadable, 'has')} no id that can be read"]),
        ]
    return ["page one", "ok", "; ".join(told)]


def _filled(connector: Connector, records: Sequence[Record]) -> Iterator[str]:
    try:
        views = [connector.view(record) for record in records]
    except VendorError:
        return  # a record that does not fit is told of below
    yield "filled: " + ", ".join(f"{field} {sum(bool(view.get(field)) for view in views)}" for field in SHOWN)


def _abilities(connector: Connector) -> Iterator[list[str]]:
    """What can be read and written here, and what cannot, whoever asks."""
    can = connector.capabilities
    channels = ", ".join(sorted(can.consent))
    yield ["reads consent", "", f"by {channels}" if channels else "of no channel"]
    gone = "listed with the others" if can.lists_gone else "not listed: who is linked is asked for by id"
    yield ["reads who is gone", "", gone]
    on = connector.settings.writes
    able = can if on else _switched_on(connector).capabilities
    by_hand = " (handed over as an import file, for a person to bring in)" if able.hands_over else ""
    offered, fields = ", ".join(sorted(able.actions)) + by_hand, ", ".join(sorted(able.fields))
    if not able.actions:
        yield ["may write", "", "nothing: this driver only reads"]
        return
    yield ["may write", "", offered if on else f"nothing, because `writes:` is off; with it: {offered}"]
    if able.required:
        yield ["creates nobody without", "", ", ".join(able.required)]
    yield ["fields it can write", "", fields]
    never = sorted(set(get_args(Action)) - able.actions)
    yield ["cannot write", "", ", ".join(never) if never else "nothing that is known here"]
    kept = {name for name in VIEW_FIELDS if not name.endswith("_consent")} - {"status"}
    if left := sorted(kept - able.fields):
        yield ["fields it cannot write", "", ", ".join(left)]


def _switched_on(connector: Connector) -> Connector:
    """The same source with `writes: on`, to be asked what it could do; nothing is sent."""
    settings = connector.settings.model_copy(update={"writes": True})
    return type(connector)(connector.name, settings, connector.clock)
