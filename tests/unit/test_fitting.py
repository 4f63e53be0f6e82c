"""Fitting raw records into Arrow: what does not fit is set apart by its id, and never kept (G11, DESIGN: Connector)."""

import json
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.fitting import FURTHER, LONGEST_TEXT, Fitted, Fitter

FIELDS = pa.schema(
    [
        ("id", pa.string()),
        ("name", pa.string()),
        ("visits", pa.int64()),
        ("spent", pa.float64()),
        ("active", pa.bool_()),
        ("tags", pa.list_(pa.string())),
        ("home", pa.struct([("city", pa.string()), ("floor", pa.int64())])),
        ("addresses", pa.list_(pa.struct([("zip", pa.string())]))),
        ("seen", pa.timestamp("us")),
    ]
)
GOOD: dict[str, Any] = {
    "id": "7", "name": "Ann", "visits": 3, "spent": 1.5, "active": True, "tags": ["a", "b"],
    "home": {"city": "Ottawa", "floor": 2}, "addresses": [{"zip": "K1A"}], "seen": "2026-11-22T10:00:00Z",
}  # fmt: skip
SENTINEL = "Quillfeather"


def _fit(*records: Any) -> Fitted:
    return Fitter(FIELDS, "id").fit(list(records))


def _ids(fitted: Fitted) -> list[str]:
    return [str(name) for name in fitted.table["id"].to_pylist()]


def test_a_page_that_fits_comes_through_as_it_is() -> None:
    fitted = _fit(GOOD, {"id": "8"}, {**GOOD, "id": "9", "home": None, "tags": []})
    assert fitted.table.schema == FIELDS
    first, second, third = fitted.table.to_pylist()
    assert first == {**GOOD, "seen": first["seen"]}
    assert second == {**dict.fromkeys(FIELDS.names), "id": "8"}
    assert (third["home"], third["tags"]) == (None, [])
    assert (fitted.misfits, fitted.unreadable) == ((), 0)


@pytest.mark.parametrize(
    ("field", "value"),
    [("visits", "9" * 400), ("spent", "9" * 400), ("spent", 10**30), ("visits", 10**30), ("spent", "9" * 99)],
)
def test_a_number_that_no_machine_holds_costs_one_record_and_not_its_page(field: str, value: Any) -> None:
    fitted = _fit({"id": "6"}, {**GOOD, field: value}, {"id": "8", "name": ["so that each is looked at"]})
    kept = {name for name, _ in fitted.misfits} | set(_ids(fitted))
    assert ("6" in _ids(fitted), kept, fitted.unreadable) == (True, {"6", "7", "8"}, 0)


@pytest.mark.parametrize("text", ["NA", "=1+1", "007", "", " ", "é́", "🦊", "a\nb\u2028c", '"\\', "</script>"])
def test_text_survives_unchanged(text: str) -> None:
    assert _fit({**GOOD, "name": text}).table["name"].to_pylist() == [text]


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("name", ["A", "n", "n"], "name: list instead of text"),
        ("name", {"first": "Ann"}, "name: object instead of text"),
        ("name", True, "name: boolean instead of text"),
        ("tags", "abc", "tags: text instead of list"),
        ("tags", {"0": "abc"}, "tags: object instead of list"),
        ("tags", [["a"]], "tags: list instead of text"),
        ("home", "Ottawa", "home: text instead of object"),
        ("home", [], "home: list instead of object"),
        ("home", {"floor": "second"}, "home.floor: text instead of number"),
        ("addresses", {"zip": "K1A"}, "addresses: object instead of list"),
        ("addresses", [{"zip": []}], "addresses.zip: list instead of text"),
        ("visits", 1.5, "visits: not a whole number of 64 bits"),
        ("visits", 1 << 63, "visits: not a whole number of 64 bits"),
        ("visits", "many", "visits: text instead of number"),
        ("visits", "007", "visits: text instead of number"),
        ("active", 0, "active: number instead of boolean"),
        ("active", "yes", "active: text instead of boolean"),
        ("seen", "yesterday", "seen: not readable as timestamp[us]"),
        ("name", "a\0b", "name: holds a NUL character"),
        ("name", "\ud83e", "name: holds half of a surrogate pair"),
        ("name", "x" * (LONGEST_TEXT + 1), "name: longer than 64 KiB"),
        ("home", {"city": "é" * (LONGEST_TEXT // 2 + 1)}, "home.city: longer than 64 KiB"),
        ("addresses", [{"zip": "\0"}], "addresses.zip: holds a NUL character"),
    ],
)
def test_a_record_that_does_not_fit_is_quarantined_and_its_neighbours_are_not(
    field: str, value: object, reason: str
) -> None:
    fitted = _fit({**GOOD, "id": "1"}, {**GOOD, "id": "2", field: value}, {**GOOD, "id": "3"})
    assert fitted.misfits == (("2", reason),)
    assert _ids(fitted) == ["1", "3"]
    assert fitted.unreadable == 0


def test_texts_of_just_the_limit_fit() -> None:
    assert _fit({**GOOD, "name": "x" * LONGEST_TEXT}).misfits == ()


@pytest.mark.parametrize(
    ("field", "value", "kept", "drift"),
    [
        ("id", 7, "7", ("id", "number for text")),
        ("id", 1 << 70, str(1 << 70), ("id", "number for text")),
        ("name", 12.0, "12", ("name", "number for text")),
        ("name", 12.5, "12.5", ("name", "number for text")),
        ("visits", "12", 12, ("visits", "text for number")),
        ("spent", "-1.25", -1.25, ("spent", "text for number")),
        ("active", "True", True, ("active", "text for boolean")),
        ("active", "false", False, ("active", "text for boolean")),
        ("visits", 4.0, 4, None),
        ("spent", 4, 4.0, None),
    ],
)
def test_what_converts_without_loss_is_converted_and_counted_as_drift(
    field: str, value: object, kept: object, drift: tuple[str, str] | None
) -> None:
    fitter = Fitter(FIELDS, "id")
    fitted = fitter.fit([{**GOOD, field: value}])
    assert fitted.table[field].to_pylist() == [kept]
    assert dict(fitter.unknown) == ({drift: 1} if drift else {})


@pytest.mark.parametrize(
    "record",
    [
        {}, {"id": None}, {"id": ""}, {"id": "  "}, {"id": True}, {"id": 1.5}, {"id": ["1"]}, {"id": "\ud800"},
        {"id": "1\0"}, None, "1", ["1"], 1,
    ],
)  # fmt: skip
def test_a_record_without_a_readable_id_is_counted(record: object) -> None:
    fitted = _fit(GOOD, record)
    assert (fitted.unreadable, _ids(fitted), fitted.misfits) == (1, ["7"], ())


def test_g11_of_unknown_fields_only_name_type_and_count_are_kept() -> None:
    fitter = Fitter(FIELDS, "id", frozenset({"licence", "home.door", "secret"}))
    page = [
        {**GOOD, "licence": SENTINEL, "loyalty": SENTINEL, "home": {"city": "Ottawa", "door": 1, "bell": SENTINEL}},
        {**GOOD, "loyalty": 3, "addresses": [{"zip": "K1A", "geo": {"lat": 1}, "secret": SENTINEL}, None]},
        {**GOOD, "loyalty": None, "more": [SENTINEL], "some": False},
    ]
    fitted = fitter.fit(page)
    assert fitted.table.num_rows == 3
    assert dict(fitter.unknown) == {
        ("loyalty", "text"): 1, ("loyalty", "number"): 1, ("loyalty", "null"): 1, ("home.bell", "text"): 1,
        ("addresses.geo", "object"): 1, ("more", "list"): 1, ("some", "boolean"): 1,
    }  # fmt: skip
    assert SENTINEL not in repr(fitted.table.to_pylist()) + repr(fitter.unknown)


def test_g11_reasons_hold_no_value() -> None:
    fitted = _fit({**GOOD, "visits": SENTINEL}, {**GOOD, "seen": SENTINEL}, {**GOOD, "home": [SENTINEL]})
    assert len(fitted.misfits) == 3
    assert SENTINEL not in repr(fitted)


def test_names_of_unknown_fields_are_bounded() -> None:
    fitter = Fitter(FIELDS, "id")
    fitter.fit([{"id": str(n), f"field{n}": 1} for n in range(300)])
    fitter.fit([{"id": "1", "x" * 500: 1, "\ud800": 1, "field0": 2}])
    names = {name for name, _ in fitter.unknown}
    assert len(names) == 201
    assert fitter.unknown[FURTHER, "several"] == 102
    assert fitter.unknown["field0", "number"] == 2
    long = Fitter(FIELDS, "id")
    long.fit([{"id": "1", "x" * 500: 1, "\ud800\0": 1}])
    assert set(long.unknown) == {("x" * 80, "number"), ("??", "number")}


def test_a_table_from_a_file_is_taken_whole() -> None:
    fitter = Fitter(FIELDS, "id", frozenset({"licence"}))
    page = pa.table({"id": ["1", "2"], "name": ["NA", ""], "visits": pa.array([1, None], pa.int8()),
                     "licence": [SENTINEL] * 2, "loyalty": [SENTINEL] * 2})  # fmt: skip
    fitted = fitter.fit(page)
    assert fitted.table.schema == FIELDS
    assert fitted.table.select(["id", "name", "visits"]).to_pylist() == [
        {"id": "1", "name": "NA", "visits": 1},
        {"id": "2", "name": "", "visits": None},
    ]
    assert dict(fitter.unknown) == {("loyalty", "column"): 2}


def test_a_table_that_does_not_fit_is_taken_row_by_row() -> None:
    page = pa.table(
        {"id": ["1", "", None, "4", "5"], "name": ["a", "b", "c", "d\0", "e"], "visits": ["1", "2", "3", "4", "x"]}
    )
    fitted = Fitter(FIELDS, "id").fit(page)
    assert _ids(fitted) == ["1"]
    assert dict(fitted.misfits) == {"4": "name: holds a NUL character", "5": "visits: text instead of number"}
    assert fitted.unreadable == 2


@pytest.mark.parametrize("field", ["name", "visits", "spent"])
@pytest.mark.parametrize("value", [float("nan"), float("-inf")])
def test_what_json_has_no_number_for_is_null_in_any_company(field: str, value: float) -> None:
    for neighbour in ("8", 8):  # the second makes the page go record by record
        fitted = _fit({**GOOD, field: value}, {**GOOD, "id": neighbour})
        assert fitted.table[field].to_pylist() == [None, GOOD[field]]


def test_an_empty_page_is_nothing() -> None:
    assert _fit() == Fitted(FIELDS.empty_table())
    assert Fitter(FIELDS, "id").fit(FIELDS.empty_table()).table.num_rows == 0


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*FIELDS.names, "zip", "city"]), inner),
    max_leaves=5,
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from([*FIELDS.names, "other"]), _JSON, max_size=6), max_size=6))
def test_every_record_is_accounted_for_whatever_it_holds(records: list[dict[str, Any]]) -> None:
    fitted = _fit(*records)
    assert fitted.table.num_rows + len(fitted.misfits) + fitted.unreadable == len(records)
    assert fitted.table.schema == FIELDS
    alone = [_fit(record) for record in records]
    assert [row for one in alone for row in one.table.to_pylist()] == fitted.table.to_pylist(), (
        "neighbours do not matter"
    )
    assert json.dumps(fitted.misfits) == json.dumps([pair for one in alone for pair in one.misfits])
