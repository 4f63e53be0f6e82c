"""Breakers: counted per source over everything that one run would write (interfaces, Breakers)."""

from dataclasses import replace

import pytest

from jobs.breakers import breaker_id, count
from jobs.corrections import Correction
from jobs.settings import Limits


def rows(number: int, **more: object) -> list[Correction]:
    plain: dict[str, object] = {
        "source": "till",
        "action": "update",
        "before": {},
        "why": "",
        "rule_ids": (),
        "finding_ids": (),
        "fingerprint": "",
        "reversible": "fully",
        "needs": (),
        "state": "ready",
    }
    return [
        Correction(**{"correction_id": f"{n}", "profile_id": f"{n}", "after": {"phone": f"{n}"}, **plain, **more})
        for n in range(number)
    ]


def tripped(corrections: list[Correction], active: int = 1_000, named: set[str] = frozenset()) -> list[str]:
    return [breaker_id(b) for b in count(corrections, Limits(), {"till": active, "shop": active}, named) if b.tripped]


@pytest.mark.parametrize(("active", "limit"), [(0, 25), (1_000, 25), (2_000, 40), (25_000, 500), (1_000_000, 500)])
def test_updates_trip_above_two_percent_between_25_and_500(active: int, limit: int) -> None:
    assert tripped(rows(limit), active) == []
    assert tripped(rows(limit + 1), active) == ["till/updates"]


@pytest.mark.parametrize(("active", "limit"), [(100, 5), (2_000, 10), (1_000_000, 50)])
def test_creates_trip_above_half_a_percent_between_5_and_50(active: int, limit: int) -> None:
    assert tripped(rows(limit, action="create"), active) == []
    assert tripped(rows(limit + 1, action="create"), active) == ["till/creates"]


def test_every_write_to_a_known_profile_is_an_update() -> None:
    actions = ["relink", "add_note", "add_tag", "update", "opt_out"]
    some = [replace(row, action=actions[n % 5]) for n, row in enumerate(rows(26))]
    assert tripped(some) == ["till/updates"]


def test_new_opt_outs_trip_above_25_that_nobody_named() -> None:
    """G9: whatever action takes the consent away."""
    some = rows(20, action="opt_out", after={"email_consent": "out"})
    more = [replace(row, correction_id=f"u{n}") for n, row in enumerate(rows(6, after={"sms_consent": "out"}))]
    assert tripped([*some, *more], 10_000) == ["till/opt_outs"]
    assert tripped([*some, *more], 10_000, {"u0"}) == []


@pytest.mark.parametrize("value", ["Toronto", None, ""])
def test_one_value_on_more_than_25_profiles_trips(value: str | None) -> None:
    """A column that slipped, or one that was emptied."""
    assert tripped(rows(25, after={"city": value}), 100_000) == []
    assert tripped(rows(26, after={"city": value}), 100_000) == ["till/same_value"]


def test_blank_is_one_value_however_it_is_written() -> None:
    blanks = [None, "", "  "]
    some = [replace(row, after={"city": blanks[n % 3]}) for n, row in enumerate(rows(26))]
    assert tripped(some, 100_000) == ["till/same_value"]


def test_markers_are_alike_by_intent() -> None:
    assert tripped(rows(400, action="add_tag", after={"tags": "Shopify"}), 100_000) == []


def test_the_irreversible_is_always_by_name() -> None:
    """G14."""
    assert tripped(rows(1, action="create", reversible="not")) == ["till/irreversible"]
    assert tripped(rows(1, action="create", reversible="not"), named={"0"}) == []


def test_sources_are_counted_apart_and_named_in_order() -> None:
    both = [*rows(25), *rows(26, source="shop")]
    assert tripped(both) == ["shop/updates"]
    counted = [(b.source, b.name, b.count, b.limit) for b in count(both, Limits(), {"shop": 1_000})]
    assert counted[0] == ("shop", "updates", 26, 25)
    assert counted[6] == ("till", "updates", 25, 25)


def test_archiving_is_by_name_whatever_could_be_undone() -> None:
    """G14."""
    assert tripped(rows(1, action="archive")) == ["till/irreversible"]
    assert tripped(rows(1, action="archive"), named={"0"}) == []


@pytest.mark.parametrize(("done", "borne"), [(0, 10), (100, 10), (400, 21)])
def test_failures_trip_above_ten_and_above_five_percent_of_what_was_tried(done: int, borne: int) -> None:
    """Refusals, what is in doubt and what could not be read; none of it counts as a write that is still to come."""
    verified = rows(done, state="verified")
    failed = [replace(r, correction_id=f"f{n}", state=("refused", "unknown")[n % 2]) for n, r in enumerate(rows(borne))]
    assert tripped([*verified, *failed], 100_000) == []
    (found,) = [b for b in count([*verified, *failed], Limits(), {}, (), {"till": 1}) if b.name == "failures"]
    assert (found.count, found.limit, found.tripped) == (borne + 1, borne, True)
