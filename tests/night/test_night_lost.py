"""A column that was filled last night and is empty on everybody tonight (G13)."""

from pathlib import Path

import orjson

from tests.night.stage import rollcall, tables, write_csv

HEADING = ("id", "first_name", "last_name", "phone", "email")


def _night(folder: Path, config: Path, phones: bool) -> set[tuple[str, str, str]]:
    """One night of twelve customers in both systems; kind, field and store of what it found."""
    for source, with_phones in (("shop", True), ("till", phones)):
        rows = [
            [str(n), "Ann", f"Number {n}", f"61355501{n:02}" if with_phones else "", f"a{n}@example.com"]
            for n in range(12)
        ]
        write_csv(folder / f"{source}.csv", HEADING, rows)
    said = rollcall("--config", config, "--json", "run")
    assert said.code == 0
    report = orjson.loads((folder / "data" / "reports" / f"{said.data['run']}.json").read_bytes())
    return {(f["kind"], f["field"], f["store"]) for f in report["findings"]}


def test_a_vendor_that_no_longer_sends_phones_is_told_until_a_person_says_that_it_is_meant(tmp_path: Path) -> None:
    """G13: twelve customers did not all lose their phone in one night, so nobody's is carried over."""
    sources = {
        "shop": {"path": "shop.csv", "role": "ecom", "exported_at": None},
        "till": {"path": "till.csv", "exported_at": None},
    }
    pairing = {"preset": "plain", "ecom": "shop", "pos": ["till"], "observe_nights": 0, "fields": {"phone": "newest"}}
    config = tables(tmp_path, sources, pairings=[pairing])
    assert _night(tmp_path, config, phones=True) == set()
    lost = {("field_lost", "phone", "till")}
    assert [_night(tmp_path, config, phones=False) for _ in range(2)] == [lost, lost]
    last = orjson.loads(max((tmp_path / "data" / "reports").glob("*.json")).read_bytes())
    (finding,) = last["findings"]
    assert (finding["by_whom"], finding["nights_open"]) == ("whoever runs rollcall", 1), "one business date counts once"
    words = ("decide", "accept", "finding", finding["finding_id"], "--why", "the till keeps none", "--by", "Kim")
    assert rollcall("--config", config, *words).code == 0
    assert [_night(tmp_path, config, phones=phones) for phones in (False, True)] == [set(), set()]
