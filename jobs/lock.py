"""One run at a time: a lock that its owner's death releases, per workspace, and per shared state database too."""

import contextlib
import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import sqlalchemy as sa

from connectors.clock import Clock
from jobs.errors import ConfigError, LockHeld

_STATE_LOCK = 0x726F6C6C63616C6C  # any number, the same on every machine


@contextmanager
def lock(workspace: Path, clock: Clock, *, run: str = "", state_url: str = "") -> Iterator[None]:
    """Hold the lock of a workspace, and with a PostgreSQL state that of the database: machines exclude each other.

    The kernel, or the database server, takes the lock from a process that died. Raises LockHeld naming the holder.
    """
    with _of_workspace(workspace, clock, run), _of_database(state_url):
        yield


def holder(workspace: Path) -> dict[str, Any] | None:
    """Who holds the lock of a workspace: pid, host, since, run; None when nobody does."""
    path = workspace / "lock"
    if not path.is_file():
        return None
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _written(handle)
    finally:
        os.close(handle)
    return None


@contextmanager
def _of_workspace(workspace: Path, clock: Clock, run: str) -> Iterator[None]:
    handle = _opened(workspace / "lock")
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise LockHeld(_who(workspace, _written(handle))) from error
        _write(handle, {"pid": os.getpid(), "host": socket.gethostname(), "since": clock.now().isoformat(), "run": run})
        yield
        os.ftruncate(handle, 0)
    finally:
        os.close(handle)


@contextmanager
def _of_database(url: str) -> Iterator[None]:
    """A session's advisory lock on PostgreSQL; SQLite lies in a workspace, whose lock is enough."""
    if not url.startswith("postgresql"):
        yield
        return
    engine = sa.create_engine(url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT", hide_parameters=True)
    shown = engine.url.render_as_string(hide_password=True)
    with contextlib.ExitStack() as stack:
        stack.callback(engine.dispose)
        try:
            connection = stack.enter_context(engine.connect())
            free = connection.scalar(sa.select(sa.func.pg_try_advisory_lock(_STATE_LOCK)))
        except sa.exc.DatabaseError as error:
            raise ConfigError(f"the state database {shown} cannot be used: {error.orig}; check `state:`") from error
        if not free:
            raise LockHeld(
                f"a run on another machine, or in another workspace, uses the database {shown}: wait for it to end"
            )
        yield


def _opened(path: Path) -> int:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise ConfigError(f"the lock {path} cannot be opened: {error.strerror}; check `workspace:`") from error


def _write(handle: int, content: dict[str, Any]) -> None:
    os.ftruncate(handle, 0)
    os.pwrite(handle, orjson.dumps(content), 0)


def _written(handle: int) -> dict[str, Any]:
    """What the holder wrote of itself; it may be in the middle of it."""
    try:
        content = orjson.loads(os.pread(handle, 4096, 0))
    except orjson.JSONDecodeError:
        return {}
    return content if isinstance(content, dict) else {}


def _who(workspace: Path, content: dict[str, Any]) -> str:
    run = f", run {content['run']}" if content.get("run") else ""
    return (
        f"{workspace} is in use by pid {content.get('pid', 'unknown')} on {content.get('host', 'this machine')} "
        f"since {content.get('since', 'just now')}{run}: wait for it to end; a dead process holds no lock"
    )
