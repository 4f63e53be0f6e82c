"""Who is nobody any more: what may be left of a customer who was erased, by an API or by hand (M15, C4)."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from connectors._erasing import BY_API, BY_HAND, by_hand, is_nobody
from connectors.kinds import connector_class, kinds
from jobs.erasures import Task


@pytest.mark.parametrize(
    "left",
    [
        {}, {"first_name": None, "email": " "}, {"first_name": "Customer", "last_name": "[70]", "status": "deleted"},
        {"first_name": "Erased", "email": "x7@erased.invalid", "street": "erased", "city": "Ottawa"},
    ],
)  # fmt: skip
def test_nobody_is_left(left: dict[str, Any]) -> None:
    assert is_nobody(left)


@pytest.mark.parametrize(
    "left",
    [
        {"first_name": "Zoe"}, {"last_name": "Lee"}, {"email": "zoe@example.com"}, {"phone": "+16135550117"},
        {"birth_date": "1984-03-02"}, {"street": "1 Main St"}, {"street_2": "Unit 4"}, {"note": "call Zoe"},
    ],
)  # fmt: skip
def test_any_one_of_these_is_still_somebody(left: dict[str, Any]) -> None:
    assert not is_nobody({"first_name": "Erased", **left})


def test_m15_every_vendor_says_how_a_person_erases_and_only_those_with_a_call_claim_one() -> None:
    """A file says it by its kind as well; what is not known says whom to ask."""
    assert set(BY_HAND) == set(kinds()) - {"table"}
    assert set(BY_API) < set(BY_HAND)
    assert "in writing" in by_hand("table")
    assert {kind for kind in kinds() if connector_class(kind).erasure is not connector_class("table").erasure} == {
        "shopify"
    }


def test_m15_what_a_law_wants_kept_waits_for_nobody_until_its_day_is_over() -> None:
    task = Task(1, "till", "7", datetime(2026, 11, 1, tzinfo=UTC), kept_until=date(2026, 11, 23))
    assert [task.waits(date(2026, 11, day)) for day in (22, 23, 24)] == [False, False, True]
