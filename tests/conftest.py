"""State databases for every test: SQLite in the test's own folder, PostgreSQL from a server of the tests' own."""

import gc
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy as sa

from connectors.clock import SimulatedClock
from jobs.vault import Vault

_databases = count(1)


def pytest_collection_finish() -> None:
    """What collecting has made stays to the end: the collector need not go over it again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def vault() -> Vault:
    return Vault(bytes(range(32)))


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock(datetime(2026, 11, 23, 12, 15, tzinfo=UTC))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A server on a socket in a folder of its own; skips where PostgreSQL's server programs are not installed."""
    programs = _postgres_programs()
    if programs is None:
        pytest.skip("PostgreSQL's server programs are not installed: nothing was tested against PostgreSQL")
    user = "nobody" if os.geteuid() == 0 else None
    memory = Path("/dev/shm")  # the server's own durability is not what is tested
    folder = Path(tempfile.mkdtemp(prefix="rollcall-pg-", dir=memory if memory.is_dir() else None))
    if user:
        shutil.chown(folder, user)

    def run(program: str, *arguments: str) -> None:
        command = [programs / program, "-D", folder / "data", *arguments]
        subprocess.run(command, check=True, user=user, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, cwd=folder)

    run("initdb", "--username=rollcall", "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C")
    options = f"-k {folder} -c listen_addresses='' -c fsync=off -c max_connections=40 -c shared_buffers=16MB"
    run("pg_ctl", "-w", "-l", str(folder / "log"), "-o", options, "start")
    # ends with the tests, however they end: the pipe closes even when they are killed
    ending = 'read _; "$0" -w -m immediate -D "$1/data" stop; rm -rf "$1"'
    with subprocess.Popen(
        ["/bin/sh", "-c", ending, programs / "pg_ctl", folder],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, user=user, cwd="/", start_new_session=True,
    ):  # fmt: skip
        yield f"postgresql+psycopg://rollcall@/{{}}?host={folder}"


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """An empty database, dropped afterwards."""
    name = f"test_{next(_databases)}"
    engine = sa.create_engine(postgres_server.format("postgres"), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.execute(sa.text(f"create database {name}"))
        yield postgres_server.format(name)
        connection.execute(sa.text(f"drop database {name} with (force)"))
    engine.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def state_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The test runs on both databases."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/state/state.db"
    return str(request.getfixturevalue("postgres_url"))


def _postgres_programs() -> Path | None:
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    return versions[-1].parent if versions else Path(on_path).parent if on_path else None
