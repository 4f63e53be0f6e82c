"""A customer list in a CSV file, for the contract suite."""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from connectors.base import Change
from connectors.clock import Clock
from connectors.files import CANONICAL
from connectors.table import Table

HEADINGS = {"id": "Customer #", "phone": "Mobile", "postal_code": "Zip"}


class Rig:
    """One file; nothing is spoken over a network, nothing is written but handed over (tests/night)."""

    page_size = None
    over_http = False
    secrets: tuple[str, ...] = ()

    def __init__(self, folder: Path) -> None:
        self._path = folder / "list.csv"
        self._ids: list[str] = []

    def serve(self, count: int) -> None:
        self._ids = [f"{n:05d}" for n in range(1, count + 1)]
        with self._path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow([HEADINGS.get(name, name) for name in CANONICAL] + ["Stamps"])
            for one in self._ids:
                person = self._person(one)
                writer.writerow([person.get(name, "") for name in CANONICAL] + ["12"])

    def _person(self, one: str) -> dict[str, str]:
        return {
            "id": one, "first_name": "Ada", "last_name": "NA", "phone": f"613 555 01{int(one) % 100:02d}",
            "email": f"ada.{one}@example.com", "email_consent": "in", "tags": "vip;pos", "postal_code": "02134",
        }  # fmt: skip

    def ids(self) -> list[str]:
        return list(self._ids)

    def odd_records(self) -> list[Mapping[str, Any]]:
        nothing = dict.fromkeys(CANONICAL)
        empty = dict.fromkeys(CANONICAL, "")
        return [
            nothing | {"id": "a"},
            empty | {"id": "b"},
            {name: f"  {name}  " for name in CANONICAL} | {"id": "c"},
            empty | {"id": "d", "status": " Archived ", "email_consent": "OUT", "sms_consent": "yes"},
            empty | {"id": "e", "status": "gone", "email_consent": "erased", "tags": " b ;a;;b; c d;ä"},
            empty | {"id": "f", "birth_date": "1990-02-28T00:00:00", "note": "two\nlines", "first_name": "=1+1"},
            empty | {"id": "g", "birth_date": "1990-02-30", "created_at": "yesterday", "updated_at": "2026-11-01"},
            empty | {"id": "h", "birth_date": "28.02.1990", "first_name": "\u00a0", "last_name": "\t"},
            empty | {"id": "i", "birth_date": "0000-01-01", "has_purchased": "Yes", "tags": " ; ;"},
        ]

    def connector(self, clock: Clock, *, writes: bool) -> Table:
        settings = Table.Settings.model_validate(
            {"kind": "table", "role": "pos", "path": self._path, "columns": HEADINGS, "exported_at": "2026-11-22T23:00"}
        )  # fmt: skip
        return Table("old", settings, clock)

    def requests(self) -> int:
        return 0

    def writes(self) -> list[tuple[Change, list[Any]]]:
        return []

    def sent(self) -> list[Any]:
        return []

    def close(self) -> None:
        """Nothing runs."""


def build(folder: Path) -> Rig:
    """The rig of the contract suite."""
    return Rig(folder)
