"""Which ids a pull has seen, in a file without a name, so that memory does not grow with the list.

SQLite's own temporary database: a few MiB of it are in memory, the rest spills into a file that has no name any more before
its first byte. Of an id nothing is written but a hash, under a key that only this process has; a time stamp stands as it is.
"""

import errno
import secrets
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from hashlib import blake2b
from itertools import islice

CACHE_KIB = 4 * 1024
"""How much of the database is kept in memory."""
AT_ONCE = 20_000
_SETUP = (
    "pragma journal_mode = off",
    "pragma synchronous = off",
    f"pragma cache_size = -{CACHE_KIB}",
    "create table seen (name blob primary key, stamp text not null) without rowid",
    "begin",
)
_ADD = "insert into seen values (?, ?) on conflict (name) do nothing"
_STAMP = "select stamp from seen where name = ?"


class Seen:
    """A set of ids, each with the time stamp under which it was first seen. It goes when nobody holds it any more.

    Every method raises OSError where the disk of temporary files is full.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._key = secrets.token_bytes(32)
        # A generator that is given up may be ended by another thread than the one that began it.
        self._base = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._count = 0
        with _full_disk():
            for statement in _SETUP:
                self._base.execute(statement)
        self.add(names)

    def __del__(self) -> None:
        with suppress(AttributeError):
            self._base.close()

    def __len__(self) -> int:
        return self._count

    def __contains__(self, name: str) -> bool:
        return self.stamp(name) is not None

    def add(self, names: Iterable[str]) -> int:
        """See all of `names`; returns how many they are."""
        rest, total = iter(names), 0
        while some := sorted(map(self._hash, islice(rest, AT_ONCE))):  # sorted: neighbours lie on one page
            before = self._base.total_changes
            with _full_disk():
                self._base.executemany(_ADD, ((name, "") for name in some))
            self._count += self._base.total_changes - before
            total += len(some)
        return total

    def missing(self, names: Iterable[str]) -> Iterator[str]:
        """Those of `names` that were not seen, in their order."""
        rest = iter(names)
        while some := {self._hash(name): name for name in islice(rest, AT_ONCE)}:
            found = f"select name from seen where name in ({', '.join('?' * len(some))})"  # noqa: S608 - marks only
            with _full_disk():
                known = {name for (name,) in self._base.execute(found, list(some))}
            yield from (name for hashed, name in some.items() if hashed not in known)

    def note(self, name: str, stamp: str) -> bool:
        """See `name` under a stamp, unless it was seen before; returns whether it is new."""
        with _full_disk():
            kept = stamp.encode("utf-8", "replace").decode()  # half a character is quarantined with its record
            fresh = self._base.execute(_ADD, (self._hash(name), kept)).rowcount == 1
        self._count += fresh
        return fresh

    def stamp(self, name: str) -> str | None:
        """Under which stamp `name` was first seen; None where it was not."""
        with _full_disk():
            row = self._base.execute(_STAMP, (self._hash(name),)).fetchone()
        return None if row is None else str(row[0])

    def _hash(self, name: str) -> bytes:
        return blake2b(name.encode("utf-8", "surrogatepass"), key=self._key, digest_size=16).digest()


@contextmanager
def _full_disk() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise OSError(errno.ENOSPC, "no room left for temporary files") from error
