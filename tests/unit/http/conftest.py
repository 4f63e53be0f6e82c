"""The server, and the client that speaks to it."""

from collections.abc import Iterator

import pytest

from connectors.clock import SimulatedClock
from connectors.http import Http
from connectors.pace import Limit
from tests.unit.http.wire import SECRET, START, Server, serving


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as running:
        yield running


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock(START)


@pytest.fixture
def http(server: Server, clock: SimulatedClock) -> Iterator[Http]:
    room = Http("till", server.url + "/api", clock, limit=Limit(1000), secrets=[SECRET])
    yield room
    room.close()
