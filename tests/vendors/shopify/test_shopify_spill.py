"""What waits on the disk while an export is read: sealed, without a name, and whole again in the end."""

import os
import tracemalloc
from pathlib import Path
from typing import Any

import orjson
import pytest

from connectors import _shopify_spill
from connectors._shopify_bulk import _Lines
from connectors._shopify_spill import Spill
from connectors._shopify_words import ShopifySettings

SENTINEL = b"Quillfeather"


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_shopify_spill, "CHUNK", 100)


def _filled(spill: Spill, keys: int, lines: int) -> None:
    for line in range(lines):
        for key in range(keys):
            spill.add(f"gid-{key}", b"%d %d %s\n" % (key, line, SENTINEL))


@pytest.mark.parametrize("buckets", [1, 7])
def test_every_line_comes_back_once_with_those_of_its_key_in_their_order(small: Any, buckets: int) -> None:
    spill = Spill(buckets)
    _filled(spill, keys=20, lines=9)
    seen: dict[int, list[int]] = {}
    homes: dict[int, set[int]] = {}
    for number, lines in enumerate(spill.buckets()):
        for line in lines:
            key, place, _ = line.split()
            seen.setdefault(int(key), []).append(int(place))
            homes.setdefault(int(key), set()).add(number)
    spill.close()
    assert seen == {key: list(range(9)) for key in range(20)}
    assert all(len(home) == 1 for home in homes.values())


def test_nothing_in_clear_is_on_the_disk_and_nothing_is_left(small: Any, tmp_path: Path, monkeypatch: Any) -> None:
    """Data at rest: whatever lies in the temporary folder, nobody without the key of this process reads it."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    spill = Spill(3)
    _filled(spill, keys=50, lines=5)
    file = spill._file
    file.seek(0)
    data = file.read()
    assert len(data) > 1_000
    assert SENTINEL not in data
    assert os.listdir(tmp_path) == []
    spill.close()
    with pytest.raises(ValueError, match="closed file"):
        next(spill.buckets())


def test_a_changed_file_is_no_export(small: Any) -> None:
    spill = Spill(1)
    _filled(spill, keys=5, lines=5)
    spill._file.seek(20)
    spill._file.write(b"\0\0\0\0")
    with pytest.raises(OSError, match="was changed"):
        list(spill.buckets())
    spill.close()


def _peak(customers: int) -> int:
    """Bytes of memory at most while an export of so many customers, each with a link, is read."""
    tracemalloc.start()
    lines = _Lines(["rollcall.till"], customers)
    for number in range(customers):
        gid = f"gid://shopify/Customer/{number}"
        link = {"__parentId": gid, "namespace": "rollcall", "key": "rollcall.till", "value": str(number)}
        lines.take(orjson.dumps(link) + b"\n")
        lines.take(orjson.dumps({"id": gid, "legacyResourceId": str(number), "note": "likes tea " * 20}) + b"\n")
    settings = ShopifySettings(kind="shopify", role="ecom", base_url="https://x", token={"env": "X"}, link_keys={"rollcall.till": "till"})  # fmt: skip
    read = sum(
        record["metafields"][0]["value"] == record["legacyResourceId"]
        for page in lines.pages(settings)
        for record in page.records
    )
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    lines.close()
    assert (read, lines.orphans) == (customers, 0)
    return peak


def test_memory_does_not_grow_with_the_customers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten times as many need less than twice the memory; a metafield still finds its customer, wherever it stands."""
    monkeypatch.setattr("connectors._shopify_bulk.PAGE", 500)
    monkeypatch.setattr(_shopify_spill, "CHUNK", 4 * 1024)
    assert _peak(10_000) < 2 * _peak(1_000)


def test_an_empty_export_is_empty_buckets() -> None:
    spill = Spill(2)
    assert list(spill.buckets()) == [[], []]
    spill.close()
