"""Every vendor when one value of one answer has a form that nobody foresaw: told, set apart or read, and never a crash."""

import json
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from connectors.base import Connector, Evidence, VendorError
from connectors.clock import SimulatedClock
from jobs.fitting import Fitter
from tests.contract.asked import with_current

ODD = (None, "", "odd", 17, 1e30, 10**30, True, [], {}, [None], [["odd"]], {"odd": 1}, "\ud800 odd", "9" * 400, "-1")
PERSONAL = ("Ada", "ada1@", "613555", "613-555", "likes tea")
Ask = Callable[[Connector], object]


def test_an_odd_value_in_any_answer_is_told_and_ends_nothing(wire: Any, clock: SimulatedClock) -> None:
    tried(wire, clock, times=12)


@pytest.mark.deep
def test_an_odd_value_in_any_answer_is_told_and_ends_nothing_many_times(wire: Any, clock: SimulatedClock) -> None:
    tried(wire, clock, times=600)


def tried(rig: Any, clock: SimulatedClock, times: int) -> None:
    """Each time one value of one answer to one question is another; chance is the same every time."""
    rng = random.Random(type(rig).__module__)
    for _ in range(times):
        rig.serve(3)
        ask = rng.choice(asks(rig, clock))
        told = ""
        with bending(rig, rng):
            try:
                ask(rig.connector(clock, writes=True))
            except VendorError as error:
                told = str(error)
        assert [part for part in (*PERSONAL, *rig.secrets) if part in told] == []


def asks(rig: Any, clock: SimulatedClock) -> list[Ask]:
    ready = rig.connector(clock, writes=True)
    changes = [with_current(ready, change) for change, _ in rig.writes()]
    return [
        landed, landed, by_id,
        lambda connector: connector.find("email", "ada1@example.com"),
        lambda connector: connector.find("phone", "+16135550101"),
        lambda connector: connector.check(),
        *(lambda connector, change=change: connector.write(change) for change in changes),
    ]  # fmt: skip


def landed(connector: Connector) -> None:
    fitter = Fitter(connector.FIELDS, connector.ID, connector.DROPPED)
    for page in connector.pages(Evidence()):
        for record in fitter.fit(page.records).table.to_pylist():
            connector.view(record)


def by_id(connector: Connector) -> None:
    for record in connector.fetch(["7001", "2", "1", "0adf0000-0000-11f0-aaaa-000000000001"]).values():
        if record is not None:
            connector.view(record)


@contextmanager
def bending(rig: Any, rng: random.Random) -> Iterator[None]:
    """One of the next answers, of the account or of its host of files, holds an odd value in one place."""
    servers = [rig._server, *([rig.files] if hasattr(rig, "files") else [])]
    kept, waiting = [server.answer for server in servers], rng.randrange(6)

    def bent(answer: Any) -> Any:
        nonlocal waiting
        waiting -= 1
        return answer if waiting else (answer[0], answer[1], odd(answer[2], rng))

    for server, honest in zip(servers, kept, strict=True):
        server.answer = lambda *asked, honest=honest: bent(honest(*asked))
    try:
        yield
    finally:
        for server, honest in zip(servers, kept, strict=True):
            server.answer = honest


def odd(body: bytes, rng: random.Random) -> bytes:
    try:
        rows = [json.loads(line) for line in body.splitlines()]
        document: Any = rows if len(rows) > 1 else rows[0]
    except (ValueError, IndexError):
        return b"null"
    *way, last = rng.choice(list(places(document)))
    holder = document
    for step in way:
        holder = holder[step]
    holder[last] = rng.choice(ODD)
    return b"\n".join(json.dumps(row).encode() for row in (document if len(rows) > 1 else [document])) + b"\n"


def places(document: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    steps = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    for step, inner in steps:
        yield (*way, step)
        yield from places(inner, (*way, step))
