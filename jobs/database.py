"""Opening the state database: where it lies, how durable it is, and the migrations that bring it up to date."""

import os
import sqlite3
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.exc import ArgumentError, DatabaseError, NoSuchModuleError

from jobs.errors import ConfigError

_BUSY_MS = 30_000
_MIGRATION_LOCK = 0x726F6C6C  # any number, the same for every rollcall


def connect(url: str) -> sa.Engine:
    """An engine on an up-to-date state database: `sqlite:///FILE` or `postgresql+psycopg://…`.

    Raises ConfigError where it cannot be reached, is of no known kind, or was written by a newer rollcall; DatabaseError
    where the disk refuses.
    """
    place, shown_place = _parsed(url), shown(url)
    if place.get_backend_name() == "sqlite" and place.database:
        _private(Path(place.database))
    engine = sa.create_engine(place, pool_pre_ping=True, hide_parameters=True)
    _durable(engine)
    try:
        with engine.begin() as connection:
            migrate(connection, shown_place)
    except BaseException as error:
        engine.dispose()
        if isinstance(error, DatabaseError) and not _is_of_the_disk(error):
            raise ConfigError(
                f"the state database {shown_place} cannot be used: {error.orig}; check `state:`"
            ) from error
        raise
    return engine


def migrate(connection: sa.Connection, shown: str = "of this connection", revision: str = "head") -> None:
    """Bring a database to a revision, in the caller's transaction; two that open it at once take turns."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
    config = configuration()
    script = ScriptDirectory.from_config(config)
    current = MigrationContext.configure(connection).get_current_heads()
    known = {entry.revision for entry in script.walk_revisions()}
    if unknown := sorted(set(current) - known):
        raise ConfigError(
            f"the state database {shown} was written by a newer rollcall (revision {', '.join(unknown)}): "
            "install that version again, or restore the database from before the update"
        )
    if revision == "head" and set(current) == set(script.get_heads()):
        return
    config.attributes["connection"] = connection
    (command.downgrade if revision == "base" else command.upgrade)(config, revision)


def configuration() -> Config:
    """What Alembic is told; there is no ini file."""
    config = Config()
    folder = str(Path(__file__).parent / "migrations")
    config.set_main_option("script_location", folder.replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def shown(url: str) -> str:
    """The place of a database as it may be told: without its password."""
    return sa.make_url(url).render_as_string(hide_password=True)


def _is_of_the_disk(error: DatabaseError) -> bool:
    """Whether SQLite says that the disk is full or fails, which no other `state:` would mend."""
    code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
    return code in {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL}


def _parsed(url: str) -> sa.URL:
    advice = "`state:` is sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME"
    try:
        place = sa.make_url(url)
        known = place.get_backend_name() in {"sqlite", "postgresql"}
        place.get_dialect()
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        raise ConfigError(f"the place of the state database is not readable: {advice}") from error
    if not known:
        raise ConfigError(f"no state database on {place.get_backend_name()}: {advice}")
    return place


def _private(file: Path) -> None:
    """The file is ours alone from its first byte; SQLite gives its log files the same mode."""
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(file, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
        file.chmod(0o600)
    except OSError as error:
        raise ConfigError(f"the state database {file} cannot be opened: {error.strerror}") from error


def _durable(engine: sa.Engine) -> None:
    """What is committed survives a power cut; a SQLite transaction takes its write lock at once, so none deadlocks."""
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _sqlite_session)
        sa.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("begin immediate"))
    else:
        sa.event.listen(engine, "connect", _postgres_session)


def _sqlite_session(raw: sqlite3.Connection, _: Any) -> None:
    raw.isolation_level = None
    for pragma in (
        f"busy_timeout={_BUSY_MS}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "temp_store=MEMORY",
    ):
        raw.execute(f"pragma {pragma}").close()


def _postgres_session(raw: Any, _: Any) -> None:
    with raw.cursor() as cursor:
        cursor.execute("set synchronous_commit = on")
    raw.commit()
