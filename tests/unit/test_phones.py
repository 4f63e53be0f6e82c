"""Phone numbers (G3, M4): one parser, a fast path in SQL that never differs from it, and a map that is only a shortcut."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import phonenumbers
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sql
from jobs import phones
from jobs.phones import Phone, Why, parse
from jobs.state import State
from jobs.vault import Vault

VAULT = Vault(b"k" * 32)
NORTH_AMERICA = sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE[1])
ODD = [
    "", " ", "\t", "5", "911", "555-0117", "0000000000", "1234567890", "0135550117", "6131550117", "1613555011",
    "6135550117", "16135550117", "+16135550117", "+6135550117", "++16135550117", "1+6135550117", "+1+6135550117",
    "(613)555-0117", "+1 613-555-0117", "1.613.555.0117 ", " 613 555 0117", "613\u00a0555\u00a00117", "613\t5550117",
    "６１３５５５０１１７", "613\u2013555\u20130117", "6135550117\n", "613_555_0117", "613*5550117", "613~555~0117",
    "6135550117x12", "613 555 0117 ext. 12", "613-555-0117 #12", "613 555 0117#", "6135550117,12", "6135550117;ext=3",
    "6135550117/6135550118", "613-555-0117 or 613-555-0118", "613 555 0117 613 555 0118", "613-555-0117/18", "6135550/117",
    "+1 613 555 0117 +1 613 555 0118", "613555011712", "1-800-FLOWERS", "none", "call me", "(613) 555-0117 (home)",
    "+442079460018", "011 44 20 7946 0018", "020 7946 0018", "(+1) 613 555 0117", "+(1)6135550117", "--6135550117--",
    "6 1 3 5 5 5 0 1 1 7", "()6135550117", "613..555..0117.", "2002000000", "9119110000", "+1 242 555 0117",
]  # fmt: skip


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    opened = State.open(f"sqlite:///{tmp_path / 'state.db'}", VAULT)
    opened.begin_run(date(2026, 11, 23), trigger="manual", at=datetime(2026, 11, 23, 12, tzinfo=UTC))
    yield opened
    opened.close()


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(":memory:") as opened:
        for statement in sql.script("schema").statements:
            opened.execute(statement)
        yield opened


def _profiles(connection: duckdb.DuckDBPyConnection, spellings: dict[str, list[str | None]]) -> None:
    """One source per region, one profile per spelling; every other one in `phone_2`."""
    for region, raws in spellings.items():
        connection.execute("insert into sources by name select $r as source, $r as region", {"r": region})
        ids = [str(number) for number in range(len(raws))]
        table = pa.table(  # read by name in the next statement
            {
                "source": [region] * len(raws),
                "id": ids,
                "phone": pa.array([raw if n % 2 else None for n, raw in enumerate(raws)], pa.string()),
                "phone_2": pa.array([None if n % 2 else raw for n, raw in enumerate(raws)], pa.string()),
            }
        )
        connection.register("people", table)
        connection.execute("insert into profiles by name select * from people")
        connection.unregister("people")


def _rows(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], Phone]:
    found = connection.execute("select raw, region, e164, why from phones").fetchall()
    assert len({(raw, region) for raw, region, _, _ in found}) == len(found), "one row per spelling and region"
    return {(raw, region): Phone(e164, why) for raw, region, e164, why in found}


def _fast(spellings: list[str], region: str) -> dict[str, str]:
    """What the SQL alone makes of spellings: those that it is sure of."""
    *_, dial, fast, _ = sql.script("phones").statements
    with duckdb.connect(":memory:") as opened:
        opened.register("spellings", pa.table({"raw": spellings, "region": [region] * len(spellings)}))
        opened.execute("create table phones (raw varchar, region varchar, e164 varchar, why varchar)")
        opened.execute(dial)
        opened.execute(fast)
        return dict(opened.execute("select raw, e164 from phones").fetchall())


@pytest.mark.parametrize(
    "raw", ["6135551212", "+16135551212", "(613)555-1212", "+1 613-555-1212", "1.613.555.1212 ", "６１３５５５１２１２"]
)
def test_g3_m4_the_spellings_of_the_rule_are_one_number(raw: str) -> None:
    assert parse(raw, "CA") == Phone("+16135551212")
    assert parse(raw, "US") == Phone("+16135551212")


@pytest.mark.parametrize(
    ("raw", "region", "why"),
    [
        ("613-555-0117 x12", "CA", "extension"),
        ("613-555-0117 poste 12", "CA", "extension"),
        ("6135550117,12", "CA", "extension"),
        ("613 555 0117#", "CA", "extension"),
        ("613-555-0117 or 613-555-0118", "CA", "several"),
        ("613-555-0117/613-555-0118", "CA", "several"),
        ("613-555-0117; 613-555-0118", "CA", "several"),
        ("613-555-0117 613-555-0118", "CA", "several"),
        ("613-555-0117\n613-555-0118", "CA", "several"),
        ("+1 613 555 0117 +1 613 555 0118", "CA", "several"),
        ("030 1234567/68", "DE", "several"),
        ("1-800-FLOWERS", "US", "letters"),
        ("6135550117 (home)", "US", "letters"),
        ("n/a", "US", "letters"),
        ("5", "US", "too_short"),
        ("911", "US", "too_short"),
        ("555-0117", "US", "too_short"),
        ("1234", "DE", "too_short"),
        ("613555011712", "CA", "too_long"),
        ("+999 123 4567", "CA", "no_country"),
        ("6135550117", "ZZ", "no_country"),
        ("-", "US", "unreadable"),
        ("613_555_0117", "US", "unreadable"),
    ],
)
def test_g3_what_is_not_one_whole_number_is_not_comparable(raw: str, region: str, why: Why) -> None:
    assert parse(raw, region) == Phone(None, why)


@pytest.mark.parametrize(
    ("raw", "region", "e164"),
    [
        ("030/1234567", "DE", "+49301234567"),
        ("+49 7151/123456", "DE", "+497151123456"),
        ("020 7946 0018", "GB", "+442079460018"),
        ("+44 (0)20 7946 0018", "US", "+442079460018"),
        ("011 44 20 7946 0018", "US", "+442079460018"),
        ("+39 06 1234567", "IT", "+39061234567"),
        ("613/555-0117", "CA", "+16135550117"),
        ("0000000000", "US", "+10000000000"),
    ],
)
def test_g3_other_spellings_of_one_number(raw: str, region: str, e164: str) -> None:
    assert parse(raw, region) == Phone(e164)


def test_g3_example_numbers_of_every_region_parse_to_themselves() -> None:
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        example = phonenumbers.example_number(region)
        if example is None or not phonenumbers.is_possible_number(example):
            continue
        e164 = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
        international = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
        assert parse(e164, "US") == Phone(e164), region
        assert parse(international, "US") == Phone(e164), region


def test_g3_the_fast_path_knows_exactly_the_north_american_regions() -> None:
    text = sql.script("phones").text
    assert sorted(re.findall("'([A-Z]{2})'", text)) == NORTH_AMERICA


@pytest.mark.parametrize("region", [*NORTH_AMERICA, "GB", "DE", "ZZ"])
def test_g3_the_fast_path_never_differs_from_parsing(region: str) -> None:
    areas = [f"{n}{m}" for n in range(10) for m in ("00", "11", "13", "42", "99")]
    forms = ("{}2345678", "1{}2345678", "+1{}2345678", "({}) 234-5678", "{}1345678", "{}.911.0000")
    spellings = [*ODD, *(form.format(area) for area in areas for form in forms)]
    fast = _fast(spellings, region)
    assert {raw: parse(raw, region).e164 for raw in fast} == fast
    assert (len(fast) > 150) == (region in NORTH_AMERICA), "it must carry its share, and only at home"


_ODD_GLUE = ["/", "x", " or ", "\u00a0", "\n", "０", ",", "+", "1", "  ", "*", "_"]
_GLUE = st.sampled_from([*[""] * 20, *" ().-" * 2, *_ODD_GLUE])
_SPELLING = st.builds(
    lambda start, digits, glue: start + "".join(map("".join, zip(digits, glue, strict=False))),
    st.sampled_from(["", "", "1", "+1", "+", "(", "0", " ", "1-", "+1 (", "+ 1"]),
    st.from_regex(r"[1-9][0-9]{2}[1-9][0-9]{5,7}", fullmatch=True),
    st.lists(_GLUE, min_size=12, max_size=12),
)


@settings(max_examples=30, deadline=None)
@given(st.lists(_SPELLING, min_size=1, max_size=20), st.sampled_from(["US", "CA", "BS", "PR"]))
def test_g3_the_fast_path_never_differs_on_random_spellings(spellings: list[str], region: str) -> None:
    fast = _fast(spellings, region)
    assert {raw: parse(raw, region).e164 for raw in fast} == fast


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=30), st.sampled_from(["US", "CA", "DE", "ZZ", ""]))
def test_g3_no_text_whatever_makes_parsing_fail(raw: str, region: str) -> None:
    phone = parse(raw, region)
    assert (phone.e164 is None) != (phone.why is None)
    if phone.e164 is not None:
        assert phone.e164[0] == "+"
        assert phone.e164[1:].isdecimal()
        assert parse(phone.e164, "US") == phone, "a number in E.164 is itself"


def test_g3_every_spelling_gets_its_row_and_blanks_get_none(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, state: State
) -> None:
    _profiles(connection, {"CA": [*ODD, None], "DE": ["030/1234567", "6135550117"]})
    phones.fill(connection, VAULT, tmp_path, state)
    wanted = [(raw, "CA") for raw in ODD if raw.strip()] + [("030/1234567", "DE"), ("6135550117", "DE")]
    assert _rows(connection) == {(raw, region): parse(raw, region) for raw, region in wanted}


def test_the_map_spares_the_second_night_and_forgets_who_left(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, state: State
) -> None:
    _profiles(connection, {"CA": ["6135550117", "613-555-0117 x12", "+44 20 7946 0018"]})
    assert phones.fill(connection, VAULT, tmp_path, state) == 2
    connection.execute("delete from phones")
    assert phones.fill(connection, VAULT, tmp_path, state) == 0, "nothing new to parse"
    first = state.artefact("phones")
    connection.execute("delete from phones")
    connection.execute("delete from profiles where coalesce(phone, phone_2) like '+44%'")
    assert phones.fill(connection, VAULT, tmp_path, state) == 0
    second = state.artefact("phones")
    assert first is not None
    assert second is not None
    assert second.path != first.path
    assert [path.name for path in (tmp_path / "phones").iterdir()] == [Path(second.path).name]
    assert VAULT.read_parquet(Path(second.path)).read_all()["raw"].to_pylist() == ["613-555-0117 x12"]


def test_filling_twice_adds_nothing(connection: duckdb.DuckDBPyConnection, tmp_path: Path, state: State) -> None:
    _profiles(connection, {"CA": list(ODD)})
    phones.fill(connection, VAULT, tmp_path, state)
    before = _rows(connection)
    phones.fill(connection, VAULT, tmp_path, state)
    assert _rows(connection) == before


def test_the_map_holds_no_number_in_clear(connection: duckdb.DuckDBPyConnection, tmp_path: Path, state: State) -> None:
    _profiles(connection, {"CA": ["613-555-0117 x12"]})
    phones.fill(connection, VAULT, tmp_path, state)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any(path.suffix == ".parquet" for path in files)
    assert not [path for path in files if b"555-0117" in path.read_bytes()]


@pytest.mark.parametrize("damage", ["gone", "changed", "rules", "key"])
def test_a_map_that_cannot_be_trusted_is_made_anew(
    damage: str, connection: duckdb.DuckDBPyConnection, tmp_path: Path, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    _profiles(connection, {"CA": ["613-555-0117 x12"]})
    phones.fill(connection, VAULT, tmp_path, state)
    row = state.artefact("phones")
    assert row is not None
    vault = VAULT
    if damage == "gone":
        Path(row.path).unlink()
    elif damage == "changed":
        Path(row.path).write_bytes(Path(row.path).read_bytes() + b"x")
    elif damage == "rules":
        monkeypatch.setattr(phones, "RULES", {**phones.RULES, "rules": "0"})
    else:
        vault = Vault(b"o" * 32)
    connection.execute("delete from phones")
    assert phones.fill(connection, vault, tmp_path, state) == 1
    assert _rows(connection) == {("613-555-0117 x12", "CA"): Phone(None, "extension")}
