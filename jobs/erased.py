"""Keeping the erased erased: they are taken out of a night before anything is matched, planned or kept (G10)."""

from collections.abc import Callable, Iterable

import sql
from jobs.erasures import Tombstone, stones
from jobs.state import State
from jobs.warehouse import Warehouse

_KEYS = ("full_names", "folded", "birth_days", "numbered", "people", "all_keys", "placeholders", "keys")
"""What `sql/keys.sql` makes."""


def recall(warehouse: Warehouse, state: State) -> None:
    """Put every tombstone into the warehouse, before `keys` reads them."""
    warehouse.insert("tombstones", stones(state))


def keys(warehouse: Warehouse, make: Callable[[], None], key: str) -> None:
    """`make` the keys of everybody who was not erased. `key`: of the tombstones' hashes."""
    if not warehouse.count("select count(*) from tombstones"):
        make()
        return
    warehouse.run("erased/by_id", key=key)
    warehouse.run("erased/apart")
    make()
    warehouse.run("erased/by_contact", key=key)
    if warehouse.count("select count(*) from held_out where how = 'contact'"):
        warehouse.run("erased/apart")
        warehouse.drop(*_KEYS)
        make()


def tombstones(warehouse: Warehouse, meant: Iterable[tuple[str, str]], key: str) -> list[Tombstone]:
    """The tombstones of profiles (source, id); needs their keys."""
    warehouse.connection.execute("create table meant (source varchar, id varchar)")
    warehouse.insert("meant", meant)
    (query,) = sql.script("erased/tombstones").statements
    return [Tombstone(**row) for row in warehouse.rows(query, key=key)]
