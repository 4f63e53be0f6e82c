"""The workshop of one run: DuckDB in memory, hardened, built from sealed snapshots and thrown away.

It opens no file: what comes in is registered from Arrow, what goes out is read as Arrow or rows. Only where the configuration
names a folder to spill to does it write there what does not fit into memory.
"""

import re
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

import sql
from jobs.settings import Settings
from jobs.vault import private_folder

ROWS_AT_ONCE = 10_000
_PARAMETER = re.compile(r"\$([a-z_]+)")
_SPILL = "rollcall-spill"
_AS_WRITTEN = "join_order,build_side_probe_side"
"""Joins are made in the order and from the side in which they are written: big table first, the one that is looked up second.

DuckDB 2.0 fails for good (its issue 24807) on some plans in which it turned an outer join around; whether it does depends
on the data. Measured, its own order is not faster.
"""


class Warehouse:
    """One DuckDB connection with every table of `sql/schema.sql`; use as a context manager.

    `spill`: a folder for what does not fit into `memory`; it must be encrypted or in memory, for spill files are clear
    text. They lie in a folder of their own, which is removed before and after. None (the default) spills nothing.
    """

    def __init__(self, *, spill: Path | None = None, memory: str | None = None, threads: int | None = None) -> None:
        self._spill = spill / _SPILL if spill else None
        self._sweep()
        if self._spill:
            private_folder(self._spill)
        config: dict[str, str | bool | int | float | list[str]] = {
            "python_enable_replacements": "false",
            "temp_directory": str(self._spill or ""),
            "checkpoint_threshold": "1TB",  # else every few tables all of them are compressed: a third of the time
        }
        if memory:
            config["memory_limit"] = memory
        if threads:
            config["threads"] = str(threads)
        self.connection = duckdb.connect(":memory:", config=config)
        self.connection.execute("set timezone = 'UTC'")  # casts of zoned times must not depend on the machine
        self.connection.execute("set enable_progress_bar = false")  # it would draw on standard output
        self.connection.execute("set enable_external_access = false")
        self.connection.execute("set preserve_insertion_order = false")
        self.connection.execute(f"set disabled_optimizers = '{_AS_WRITTEN}'")
        # its cache of small chunks ends the night where a column is now a dictionary and now is none; off, it costs nothing
        self.connection.execute("set debug_enable_caching_operators = false")
        self.connection.execute("set lock_configuration = true")
        self.run("schema")

    @classmethod
    def of(cls, settings: Settings) -> "Warehouse":
        """The warehouse of a run that holds the workspace's lock, with as much memory and as many threads as the configuration
        gives it."""
        return cls(
            spill=settings.spill.folder if settings.spill else None,
            memory=settings.memory_limit,
            threads=settings.threads,
        )

    def __enter__(self) -> "Warehouse":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.connection.close()
        self._sweep()

    def _sweep(self) -> None:
        """Remove spill files: this night's, or those of one that was killed."""
        if self._spill and self._spill.exists():
            shutil.rmtree(self._spill)

    def run(self, script: str, **parameters: object) -> None:
        """Run every statement of one SQL file; each gets those of the parameters that it names."""
        for statement in sql.script(script).statements:
            self.execute(statement, parameters)

    def drop(self, *tables: str) -> None:
        """Give back the memory of tables that have served: several rows per profile each, they would lie there all night."""
        for table in tables:
            self.connection.execute(f"drop table {table}")

    def execute(self, statement: str, parameters: Mapping[str, object]) -> None:
        """One statement with those of the parameters that it names."""
        wanted = set(_PARAMETER.findall(statement))
        self.connection.execute(statement, {name: parameters[name] for name in wanted})

    def insert(self, table: str, rows: Iterable[Sequence[object]]) -> None:
        """Add rows given in the table's own column order."""
        columns = self.connection.table(table).columns
        types = [str(t) for t in self.connection.table(table).types]
        values = list(rows)
        if not values:
            return
        arrays = [pa.array([row[i] for row in values], type=_ARROW.get(types[i])) for i in range(len(columns))]
        self.load(table, pa.table(dict(zip(columns, arrays, strict=True))).to_reader())

    def load(self, table: str, reader: pa.RecordBatchReader) -> None:
        """Add every row of a reader whose columns carry the table's names."""
        self.connection.register("incoming", reader)
        try:
            self.connection.execute(f"insert into {table} by name select * from incoming")  # noqa: S608 - our own names
        finally:
            self.connection.unregister("incoming")

    def shape(self, source: str, shape: str, region: str, reader: pa.RecordBatchReader) -> None:
        """Turn one snapshot's raw records into profiles."""
        (statement,) = sql.script(f"shape/{shape}").statements
        self.connection.register("raw", reader)
        try:
            self.execute(f"insert into profiles by name {statement}", {"source": source, "region": region})
        finally:
            self.connection.unregister("raw")

    def unread(self, source: str, reader: pa.RecordBatchReader) -> None:
        """Count the cells of a file that hold what their column does not take."""
        (statement,) = sql.script("unread").statements
        self.connection.register("raw", reader)
        try:
            counted = self.rows(statement)[0]
        finally:
            self.connection.unregister("raw")
        self.insert("unread_values", [(source, name, seen) for name, seen in counted.items()])

    def shaped(
        self, query: str, source: str, shape: str, region: str, reader: pa.RecordBatchReader
    ) -> Iterator[tuple[Any, ...]]:
        """The rows of a query over `shaped`, the profiles of one snapshot: they stream by, and are to be read to the end."""
        (statement,) = sql.script(f"shape/{shape}").statements
        self.connection.register("raw", reader)
        try:
            self.execute(f"with shaped as ({statement}) {query}", {"source": source, "region": region})
            while rows := self.connection.fetchmany(ROWS_AT_ONCE):
                yield from rows
        finally:
            self.connection.unregister("raw")

    def rows(self, query: str, **parameters: object) -> list[dict[str, Any]]:
        """The rows of a query, as dicts."""
        cursor = self.connection.execute(query, parameters or None)
        names = [column[0] for column in cursor.description or []]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def reader(self, query: str, **parameters: object) -> pa.RecordBatchReader:
        """The rows of a query as Arrow, to be written or counted."""
        table: pa.Table = self.connection.sql(query, params=parameters or None).to_arrow_table()
        return table.to_reader()

    def count(self, query: str, **parameters: object) -> int:
        """The one number that a query gives."""
        ((value,),) = self.connection.execute(query, parameters or None).fetchall()
        return int(value or 0)


_ARROW = {
    "VARCHAR": pa.string(),
    "BOOLEAN": pa.bool_(),
    "INTEGER": pa.int32(),
    "BIGINT": pa.int64(),
    "DOUBLE": pa.float64(),
    "DATE": pa.date32(),
    "TIMESTAMP": pa.timestamp("us"),
}
