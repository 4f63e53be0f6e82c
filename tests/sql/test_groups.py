"""Groups of the shop and of the till: spelled alike (X2), one per customer, and a person says which (X1, X3)."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.sql.given import CAN, Can, Night, someone

Nights = Callable[..., Night]
WRITES = Can(("update", "set_group"), ("email", "phone", "group"), ("email",))


@pytest.fixture
def pair(nights: Nights) -> Callable[..., Night]:
    def made(can: Can = WRITES, **settings: Any) -> Night:
        night = nights().source("web", "table", "ecom", can=can).source("till", "table", "pos", can=can)
        return night.pairing("lightspeed_x_e", "web", "till", link_keys=False, **settings)

    return made


def _customer(night: Night, n: int, web: str | None, till: str | None) -> Night:
    return night.has(f"web:{n}", **someone(n), group_name=web).has(f"till:{n}", **someone(n), group_name=till)


def _told(night: Night, kind: str) -> list[tuple[tuple[str, ...], str, str]]:
    return sorted((f.members, f.proposal, f.blocked_by) for f in night.findings() if f.check.kind == kind)


def _writes(night: Night) -> list[tuple[str, str | None, dict[str, str | None], tuple[str, ...], str]]:
    return [
        (c.source, c.profile_id, dict(c.after), c.needs, c.state) for c in night.planned() if c.action == "set_group"
    ]


def test_two_groups_are_a_question_and_nothing_is_written_x3(pair: Callable[..., Night]) -> None:
    night = _customer(pair(), 1, "Wholesale", "Retail")
    assert _told(night, "group_conflict") == [(("web:1", "till:1"), "which group? A person says", "")]
    assert _writes(night) == []


def test_the_policy_only_proposes_x3(pair: Callable[..., Night]) -> None:
    night = _customer(pair(fields={"group": "ecom"}, apply={"set_group": "auto"}), 1, "Wholesale", "Retail")
    assert _told(night, "group_conflict") == [(("web:1", "till:1"), "which group? By policy that of web", "")]
    assert _writes(night) == []


@pytest.mark.parametrize(
    ("web", "till", "where"), [("Gold", None, "till"), (None, "Gold", "web")], ids=["of the shop", "of the till"]
)
def test_a_customer_in_no_group_gets_the_other_side_s_x1(
    pair: Callable[..., Night], web: str | None, till: str | None, where: str
) -> None:
    night = _customer(_customer(pair(), 1, web, till), 2, "Gold", "Gold")
    assert _told(night, "group_conflict") == [(("web:1", "till:1"), f"set group on {where}:1", "")]
    assert _writes(night) == [(where, "1", {"group": "Gold"}, ("approval", "choice"), "held")]


def test_equal_groups_and_none_at_all_are_no_conflict(pair: Callable[..., Night]) -> None:
    night = _customer(_customer(pair(), 1, "Gold", "Gold"), 2, None, None)
    assert {f.check.kind for f in night.findings()} == set()


def test_where_the_shop_has_no_groups_nothing_needs_doing_x2(pair: Callable[..., Night]) -> None:
    night = _customer(pair(), 1, None, "Gold")
    assert {f.check.kind for f in night.findings()} == set()


def test_names_that_nearly_match_are_one_finding_and_no_conflict_x2(pair: Callable[..., Night]) -> None:
    night = _customer(_customer(pair(), 1, "VIP", "Vip "), 2, "VIP", "Vip ")
    _customer(night, 3, "VIP", None)
    assert _told(night, "group_name") == [((), "rename the group in till to VIP", "")]
    assert _told(night, "group_conflict") == [
        (("web:3", "till:3"), "set group on till:3", "till spells the group otherwise: rename it first (X2)")
    ]
    assert [state for *_, state in _writes(night)] == ["blocked"]


@pytest.mark.parametrize("till", ["VIP ", "V.I.P.", "vip", "V I-P"])
def test_case_spaces_and_punctuation_nearly_match_x2(pair: Callable[..., Night], till: str) -> None:
    night = _customer(pair(), 1, "VIP", till)
    assert _told(night, "group_name") == [((), "rename the group in till to VIP", "")]


@pytest.mark.parametrize(("one", "other"), [("Gold", "Gold+"), ("***", "**")])
def test_two_names_that_both_systems_have_are_two_groups_however_alike_x3(
    pair: Callable[..., Night], one: str, other: str
) -> None:
    night = _customer(_customer(_customer(pair(), 1, one, other), 2, one, one), 3, other, other)
    assert _told(night, "group_conflict") == [(("web:1", "till:1"), "which group? A person says", "")]
    assert _told(night, "group_name") == []


def test_a_group_may_have_another_name_at_the_till(pair: Callable[..., Night]) -> None:
    night = pair(groups={"Wholesale": "Trade"})
    for n, (web, till) in enumerate(
        [("Wholesale", "Trade"), ("Wholesale", None), (None, "Trade"), ("Wholesale", "Wholesale")], 1
    ):
        _customer(night, n, web, till)
    assert _told(night, "group_name") == []
    assert [members for members, *_ in _told(night, "group_conflict")] == [(f"web:{n}", f"till:{n}") for n in (2, 3, 4)]
    assert {(source, after["group"]) for source, _, after, *_ in _writes(night)} == {
        ("till", "Trade"),
        ("web", "Wholesale"),
    }


def test_a_source_that_takes_no_group_is_told(pair: Callable[..., Night]) -> None:
    night = _customer(_customer(pair(CAN["table"]), 1, "Gold", None), 2, "Gold", "Gold")
    assert _told(night, "group_conflict")[0][2] == "till cannot be written: set the group there by hand"
    assert [state for *_, state in _writes(night)] == ["blocked"]


def test_other_pairings_compare_no_groups(nights: Nights) -> None:
    night = (
        nights()
        .source("web", "table", "ecom")
        .source("till", "table", "pos")
        .pairing("mortar", "web", "till", link_keys=False)
    )
    assert "group_conflict" not in {f.check.kind for f in _customer(night, 1, "Gold", "Silver").findings()}
