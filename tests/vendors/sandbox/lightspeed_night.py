"""A retail group of one X-Series retailer and one Ecwid store, simulated: who is where, and nights over both."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from connectors.sandbox import ecwid, lightspeed_x
from tests.night.pairs import Group, Known, serving

GROUPS = ("Gold", "Trade", None, None)
SENTINEL = "NEVER-ON-DISK"
PAIRING = {"preset": "lightspeed_x_e", "ecom": "shop", "pos": ["till"], "observe_nights": 0}


class Pair(Group):
    """`till` (X-Series) and `shop` (Ecwid), everybody in agreement. `till_entry`: further settings of the till."""

    def __init__(self, folder: Path, people: int, **till_entry: Any) -> None:
        super().__init__(folder, PAIRING)
        tokens = folder / "tokens"
        tokens.mkdir(parents=True)
        now, shared = self.clock.time, {"region": "CA", "writes": True}
        self.till = lightspeed_x.Account("till", now, self.ledger, 1, token_folder=tokens, sentinel=SENTINEL)
        self.shop = ecwid.Account("shop", now, self.ledger, 2, sentinel=SENTINEL)
        beside = {"file": "tokens/till-tokens.json"}  # beside the configuration
        self.open(self.till, {"role": "pos", **shared, "page_size": 7, **till_entry, "tokens": beside})
        self.open(self.shop, {"role": "ecom", **shared})
        self.synced = [self.both(number) for number in range(people)]
        self.till_only = [self.only("till") for _ in range(people // 4)]
        self.browsing = [self.only("shop") for _ in range(people // 4)]

    def both(self, number: int = 0, **more: Any) -> Known:
        """A customer whom the vendor keeps alike in both systems."""
        person = self.population.person("CA", rare=number % 5 == 0)
        shared = {**person.fields(), "group": GROUPS[number % len(GROUPS)], **more}
        return Known(
            person, {"till": self.till.add(shared), "shop": self.shop.add({**shared, "orders": 1 + number % 3})}
        )

    def only(self, source: str, **more: Any) -> Known:
        """Somebody whom the vendor has not synced yet, and need not: no login, or no order (X4)."""
        person = self.population.person("CA")
        return Known(person, {source: self.accounts[source].add({**person.fields(), **more})})


@contextmanager
def paired(folder: Path, people: int = 24, **till: Any) -> Iterator[Pair]:
    """The two accounts serving, their secrets in the environment."""
    pair = Pair(folder, people, **till)
    with serving(pair):
        yield pair
