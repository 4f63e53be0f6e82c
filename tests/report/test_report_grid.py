"""Members side by side: what differs, what is the same, and what a mask leaves open."""

import pytest

from reports.document import Fact, FindingLine, Member
from reports.grid import compare, rows


def finding(kind: str, field: str, members: str, **facts: str) -> FindingLine:
    """`members`: `shop:1 till:2`; a fact `phone_AT_till:2` belongs to a member."""
    return FindingLine(
        finding_id="F-1", kind=kind, title="t", field=field, pairing="", store=None, severity="low", state="new", rule_ids=[],
        members=[Member(source=m.split(":")[0], id=m.partition(":")[2]) for m in members.split()],
        evidence=[Fact(name=name, value=value) for name, value in facts.items()],
        proposal="", first_seen="2026-11-23", nights_open=1,
    )  # fmt: skip


def test_the_findings_own_field_comes_first_and_cells_stand_under_their_member() -> None:
    line = finding(
        "drift", "phone", "shop:1 till:2",
        **{"email@till:2": "b***", "phone@till:2": "**2", "email@shop:1": "a***", "phone@shop:1": "**1"},
    )  # fmt: skip
    assert [(row.field, row.cells, row.odd) for row in rows(line)] == [
        ("phone", ("**1", "**2"), (0, 1)),
        ("email", ("a***", "b***"), (0, 1)),
    ]


@pytest.mark.parametrize(
    ("kind", "field", "left", "right", "sign"),
    [
        ("drift", "phone", "***117", "***118", "differs"),
        ("drift", "phone", "***117", "***117", "hidden"),
        ("drift", "phone", "***117", "", "differs"),
        ("household", "phone", "***117", "***117", "same"),
        ("household", "birth_date", "1984-**-**", "1984-**-**", "alike"),
        ("household", "birth_date", "1984-**-**", "1991-**-**", "differs"),
        ("drift", "status", "active", "active", "same"),
        ("drift", "status", "active", "archived", "differs"),
        ("household", "email", "", "", "same"),
    ],
)
def test_the_sign_claims_no_more_than_a_mask_can_prove(kind: str, field: str, left: str, right: str, sign: str) -> None:
    facts = {f"{field}@shop:1": left, f"{field}@till:2": right}
    own = field if field != "birth_date" else "phone"
    own = own if field != "status" else "email"
    (row,) = rows(finding(kind, own if kind != "household" or field == "phone" else "phone", "shop:1 till:2", **facts))
    assert row.sign == sign


def test_one_number_spelled_with_and_without_country_code_is_one_number() -> None:
    line = finding(
        "household", "email", "shop:1 till:2", **{"phone@shop:1": "*" * 8 + "117", "phone@till:2": "*" * 7 + "117"}
    )
    assert rows(line)[0].sign == "alike"


def test_of_three_the_odd_one_out_is_pointed_at() -> None:
    facts = {"status@a:1": "active", "status@b:1": "active", "status@c:1": "archived"}
    (row,) = rows(finding("duplicate_phone", "phone", "a:1 b:1 c:1", **facts))
    assert (row.sign, row.odd) == ("differs", (2,))


def test_a_value_of_one_member_only_says_nothing_about_the_others() -> None:
    (row,) = rows(finding("phone_not_comparable", "phone", "a:1 b:1", **{"phone@b:1": "***"}))
    assert (row.sign, row.cells, row.odd) == ("single", (None, "***"), ())


def test_facts_of_nobody_among_the_members_are_kept_apart() -> None:
    line = finding("drift", "phone", "a:1", **{"phone@a:1": "x", "phone@gone:9": "y", "side": "pos"})
    assert [fact.name for fact in compare(line)[1]] == ["phone@gone:9", "side"]
