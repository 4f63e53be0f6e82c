"""The state database and its migrations, on both databases: up, down, up again; a newer rollcall's is refused."""

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from jobs import database
from jobs.errors import ConfigError
from jobs.state import State
from jobs.tables import metadata
from jobs.vault import Vault

NIGHT = datetime(2026, 11, 23, 12, 15, tzinfo=UTC)
_OLD_RUN = "insert into runs values (:name, '2026-11-23', 'manual', null, :at, :at, 'complete', '')"
_OLD_SNAPSHOT = (
    "insert into snapshots values (:name, 'till', :name, :at, '', 1, 1, true, false, '[]', '{}', 1, '', '{}')"
)


def tables(engine: sa.Engine) -> set[str]:
    return set(sa.inspect(engine).get_table_names())


def differences(engine: sa.Engine) -> list[object]:
    with engine.connect() as connection:
        return compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata)


def test_head_equals_the_tables_that_the_code_uses(state_url: str) -> None:
    engine = database.connect(state_url)
    assert differences(engine) == []
    assert tables(engine) == {*metadata.tables, "alembic_version"}
    engine.dispose()


def test_the_comparison_would_find_a_difference(state_url: str) -> None:
    engine = database.connect(state_url)
    with engine.begin() as connection:
        connection.execute(sa.text("alter table tombstones drop column law"))
    assert len(differences(engine)) == 1
    engine.dispose()


def test_migrations_run_both_ways(state_url: str) -> None:
    engine = database.connect(state_url)
    for revision, expected in (("base", set()), ("head", set(metadata.tables)), ("base", set())):
        with engine.begin() as connection:
            database.migrate(connection, revision=revision)
        assert tables(engine) - {"alembic_version"} == expected
    with engine.begin() as connection:
        database.migrate(connection)
    assert differences(engine) == []
    engine.dispose()


def test_a_migration_is_all_or_nothing(state_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A failure in the middle leaves an empty database, not half of one."""
    engine = sa.create_engine(state_url)
    if engine.dialect.name == "sqlite":
        Path(engine.url.database or "").parent.mkdir()
    scripts = list(ScriptDirectory.from_config(database.configuration()).walk_revisions())
    monkeypatch.setattr(scripts[0].module, "upgrade", lambda: 1 / 0)
    monkeypatch.setattr(ScriptDirectory, "_load_revisions", lambda _: iter(scripts))
    with pytest.raises(ZeroDivisionError):
        database.connect(state_url)
    assert tables(engine) == set()
    engine.dispose()


def test_runs_and_exports_of_before_keep_the_order_of_their_times(state_url: str, vault: Vault) -> None:
    """0002: until then only the clock told what came first."""
    engine = database.connect(state_url)
    with engine.begin() as connection:
        database.migrate(connection, revision="base")
        database.migrate(connection, revision="0001")
        for name, at in (("c", NIGHT), ("a", NIGHT + timedelta(days=1)), ("b", NIGHT + timedelta(days=1))):
            connection.execute(sa.text(_OLD_RUN), {"name": name, "at": at.isoformat(timespec="microseconds")})
            connection.execute(sa.text(_OLD_SNAPSHOT), {"name": name, "at": at.isoformat(timespec="microseconds")})
    engine.dispose()
    state = State.open(state_url, vault)
    assert [run.run_id for run in state.runs()] == ["c", "a", "b"]
    last = state.last_certified("till")
    assert last is not None
    assert last.snapshot_id == "b"
    state.begin_run(NIGHT.date(), trigger="manual", at=NIGHT)
    assert [run.run_id for run in state.runs()][-1] == "2026-11-23-a", "later, although the clock says earlier"
    state.close()


def test_a_database_of_a_newer_rollcall_is_refused(state_url: str) -> None:
    engine = database.connect(state_url)
    with engine.begin() as connection:
        connection.execute(sa.text("update alembic_version set version_num = '9999'"))
    engine.dispose()
    with pytest.raises(ConfigError, match=r"written by a newer rollcall \(revision 9999\): install that version again"):
        database.connect(state_url)


def test_opening_again_changes_nothing(state_url: str) -> None:
    for _ in range(2):
        engine = database.connect(state_url)
        assert differences(engine) == []
        engine.dispose()


def test_the_file_is_the_owners_alone(tmp_path: Path) -> None:
    """Files 0600, folders 0700, the logs of SQLite too (DESIGN, Data at rest)."""
    engine = database.connect(f"sqlite:///{tmp_path}/new/state.db")
    files = list((tmp_path / "new").iterdir())
    assert len(files) >= 2
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700
    engine.dispose()


def test_sqlite_survives_a_power_cut(tmp_path: Path) -> None:
    """WAL, synchronous FULL (2), foreign keys on, and a wait for whoever else is writing."""
    engine = database.connect(f"sqlite:///{tmp_path}/state.db")
    with engine.connect() as connection:
        values = [
            connection.exec_driver_sql(f"pragma {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        ]
    assert values == ["wal", 2, 1, 30_000]
    engine.dispose()


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("mysql://localhost/x", "mysql"),
        ("no url at all", "is not readable"),
        ("oracle+nothing://x", "is not readable|no state database on"),
        ("postgresql+nothing://x", "is not readable"),
    ],
)
def test_a_place_that_is_no_state_database_is_refused(url: str, text: str) -> None:
    with pytest.raises(ConfigError, match=text):
        database.connect(url)


def test_a_database_out_of_reach_is_refused_without_its_password(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        database.connect(f"postgresql+psycopg://someone:sesame@/x?host={tmp_path}")
    assert "cannot be used" in str(caught.value)
    assert "sesame" not in str(caught.value)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "state.db").write_bytes(b"this is a shopping list, not a database" * 100)
    with pytest.raises(ConfigError, match=r"state\.db cannot be used"):
        database.connect(f"sqlite:///{tmp_path}/state.db")


def test_a_folder_in_the_place_of_the_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be opened: Is a directory"):
        database.connect(f"sqlite:///{tmp_path}")
