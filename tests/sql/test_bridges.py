"""No entity holds people who contradict each other: what fits two of them is asked about, and drift is judged on nobody's guess (G6)."""

from collections.abc import Callable

import pytest

from tests.sql.given import Night

Nights = Callable[..., Night]
PHONE, OTHER = "613 555 0117", "613 555 0118"
DOUBTS = """select concat(a.source, ':', a.id, ' ', b.source, ':', b.id) as pair, p.doubt
from pairs as p join people as a on a.n = p.left_n join people as b on b.n = p.right_n where p.outcome = 'candidate'"""


def _doubts(night: Night) -> dict[str, str]:
    return {row["pair"]: row["doubt"] for row in night.matched().rows(DOUBTS)}


def test_father_and_son_do_not_meet_in_a_profile_without_a_birth_date(mortar: Nights) -> None:
    night = mortar(apply={"drift": "auto", "relink": "auto"})
    night.has("shop:1", first_name="John", last_name="Roy", phone=PHONE, birth_date="1960-01-02", has_purchased=True)
    night.has("shop:2", first_name="John", last_name="Roy", phone=PHONE, birth_date="1990-05-06", has_purchased=True)
    night.has("till:1", first_name="John", last_name="Roy", phone=PHONE)
    assert _doubts(night) == {"shop:1 till:1": "torn", "shop:2 till:1": "torn"}
    assert night.links() == set()
    assert {len(group) for group in night.partition()} == {1}
    assert {f.members for f in night.findings("link_ambiguous")} == {("shop:1", "till:1"), ("shop:2", "till:1")}
    assert night.planned() == []


def test_two_files_without_stored_links_carry_nothing_between_father_and_son(nights: Nights) -> None:
    night = nights().source("shop", role="ecom").source("till")
    night.pairing("plain", "shop", "till", link_keys=False, apply={"drift": "auto"})
    night.has("shop:1", first_name="John", phone=PHONE, email="f@example.com", birth_date="1960-01-02")
    night.has("shop:2", first_name="John", phone=PHONE, email="s@example.com", birth_date="1990-05-06")
    night.has("till:1", first_name="John", phone=PHONE)
    assert night.findings("drift") == []
    assert night.links() == set()


def test_full_agreement_is_kept_beside_a_contradiction(mortar: Nights) -> None:
    night = mortar()
    night.has("shop:1", "till:1", first_name="John", phone=PHONE, birth_date="1960-01-02")
    night.has("shop:2", "till:2", first_name="John", phone=PHONE, birth_date="1990-05-06")
    night.has("till:3", first_name="John", phone=PHONE)
    assert night.links() == {("shop:1", "till:1", "phone", "active"), ("shop:2", "till:2", "phone", "active")}
    assert night.partition() == {
        frozenset({"shop:1", "till:1"}), frozenset({"shop:2", "till:2"}), frozenset({"till:3"})
    }  # fmt: skip


def test_an_initial_that_fits_two_people_is_neither_and_they_keep_their_own(mortar: Nights) -> None:
    night = mortar()
    night.has("shop:1", "till:1", first_name="Julie", phone=PHONE).has(
        "shop:2", "till:2", first_name="Jonathan", phone=PHONE
    )
    night.has("till:3", first_name="J", phone=PHONE)
    assert set(_doubts(night).values()) == {"torn", "twins"}
    assert {one for pair in _doubts(night) for one in pair.split()} == {
        "shop:1",
        "till:1",
        "shop:2",
        "till:2",
        "till:3",
    }
    assert {("shop:1", "till:1"), ("shop:2", "till:2")} == {(ecom, pos) for ecom, pos, _, _ in night.links()}
    assert frozenset({"till:3"}) in night.partition()


def test_an_initial_between_two_who_share_no_key_is_neither(alone: Night) -> None:
    alone.has("here:1", first_name="Julie", phone=PHONE).has("here:2", first_name="Jonathan", email="j@example.com")
    alone.has("here:3", first_name="J", phone=PHONE, email="j@example.com")
    assert _doubts(alone) == {"here:1 here:3": "torn", "here:2 here:3": "torn"}


def test_a_longer_chain_between_two_people_is_cut(alone: Night) -> None:
    """Each tie looks right; the ends are forty years apart and share nothing."""
    alone.has("here:1", first_name="Ann", phone=PHONE, birth_date="1950-01-02")
    alone.has("here:2", first_name="Ann", phone=PHONE, email="a@example.com")
    alone.has("here:3", first_name="Ann", phone=OTHER, email="a@example.com")
    alone.has("here:4", first_name="Ann", phone=OTHER, birth_date="1990-05-06")
    alone.has("here:5", first_name="Ann", phone="613 555 0119", birth_date="1990-05-06").has(
        "here:6", first_name="Ann", phone="613 555 0119"
    )
    assert _doubts(alone) == {"here:1 here:2": "torn", "here:2 here:3": "torn", "here:3 here:4": "torn"}
    assert frozenset({"here:5", "here:6"}) in alone.partition()


def test_twins_are_no_typo(mortar: Nights) -> None:
    born = {"phone": PHONE, "last_name": "Roy", "birth_date": "1990-05-06"}
    night = (
        mortar().has("shop:1", "till:1", first_name="Zofia", **born).has("shop:2", "till:2", first_name="Zofie", **born)
    )
    assert set(_doubts(night).values()) == {"twins"}
    assert night.partition() == {frozenset({"shop:1", "till:1"}), frozenset({"shop:2", "till:2"})}
    assert {(ecom, pos) for ecom, pos, _, _ in night.links()} == {("shop:1", "till:1"), ("shop:2", "till:2")}


def test_a_typo_in_one_of_two_profiles_of_one_person_is_still_found(mortar: Nights) -> None:
    born = {"phone": PHONE, "last_name": "Roy", "birth_date": "1990-05-06"}
    night = mortar().has("shop:1", "till:1", first_name="Zofia", **born).has("till:2", first_name="Zofie", **born)
    assert night.partition() == {frozenset({"shop:1", "till:1", "till:2"})}


@pytest.mark.parametrize("first", ["J", "Priya", "Prya"])
@pytest.mark.parametrize(
    ("last", "born", "outcome"),
    [
        ("Cole", None, "candidate"), ("Cole", "1990-05-06", "link"), ("Roy", None, "link"), (None, None, "link"), ("Roi", None, "link"),
        ("Roy Cole", None, "link"),
    ],
)  # fmt: skip
def test_an_initial_or_a_typo_needs_more_than_a_shared_contact(
    alone: Night, first: str, last: str | None, born: str | None, outcome: str
) -> None:
    """Two people at one number may have names that are alike; a last name or a birth date says which it is."""
    other = {"J": "Jonathan", "Priya": "Pryia", "Prya": "Priya"}[first]
    alone.has("here:1", first_name=first, last_name="Roy", phone=PHONE, birth_date="1990-05-06")
    alone.has("here:2", first_name=other, last_name=last, phone=PHONE, birth_date=born)
    assert (alone.evidence("here:1", "here:2") or ("", "", ""))[2] == outcome
    assert _doubts(alone) == ({"here:1 here:2": "weak"} if outcome == "candidate" else {})


def test_a_person_s_not_the_same_stands_above_full_agreement_with_a_third(alone: Night) -> None:
    born = {"first_name": "Ann", "phone": PHONE, "birth_date": "1990-05-06"}
    alone.has("here:1", "here:2", "here:3", **born).decided("here:1", "here:3", "not_same")
    assert _doubts(alone) == {"here:1 here:2": "torn", "here:2 here:3": "torn"}


def test_a_person_s_same_is_asked_about_no_more(mortar: Nights) -> None:
    night = mortar().has("shop:1", first_name="John", phone=PHONE, birth_date="1960-01-02")
    night.has("shop:2", first_name="John", phone=PHONE, birth_date="1990-05-06").has(
        "till:1", first_name="John", phone=PHONE
    )
    night.decided("shop:2", "till:1", "same")
    assert night.links() == {("shop:2", "till:1", "phone", "active")}
    assert night.partition() == {frozenset({"shop:1"}), frozenset({"shop:2", "till:1"})}
