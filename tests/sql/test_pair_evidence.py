"""What two profiles that share a key say about each other: the evidence table of interfaces, cell by cell (G6)."""

from collections.abc import Callable, Mapping
from itertools import product
from typing import Literal

import pytest

from jobs.settings import Match
from tests.sql.given import Night

Nights = Callable[..., Night]

NAMES = {"silent": ("Ann", None), "agree": ("Ann", "Ann"), "differ": ("Ann", "Hiroshi")}
BIRTHS = {"silent": ("1990-03-04", None), "agree": ("1990-03-04", "1990-03-04"), "differ": ("1990-03-04", "1991-03-04")}
OUTCOMES = {
    ("agree", "agree"): "link",
    ("agree", "silent"): "link",
    ("silent", "agree"): "link",
    ("differ", "agree"): "household",
    ("differ", "silent"): "household",
    ("agree", "differ"): "household",
    ("silent", "differ"): "household",
    ("differ", "differ"): "household",
}

NAME_LEVELS = [
    ("Ann", "Ann", "equal"),
    ("ZOË", "Zoe", "equal"),
    ("Robert", "Bob", "nickname"),
    ("Bob", "Robert", "nickname"),
    ("Bob", "Rob", "nickname"),
    ("Bill", "William", "nickname"),
    ("J", "Jonathan", "initial"),
    ("Jonathan", "J.", "initial"),
    ("K", "Jonathan", "different"),
    ("K", "K.", "initial"),
    ("Jayden", "Hayden", "different"),
    ("Guest", "guest", "silent"),
    ("NA", "none", "silent"),
    ("X", "Xavier", "silent"),
    ("1", "1", "silent"),
    ("Mary", "Mary Ann", "part"),
    ("Mary-Ann", "Maryann", "part"),
    ("Jean-Pierre", "Jean", "part"),
    ("Ann", "Mary Ann", "different"),
    ("Hiroshi", "Hirohsi", "typo"),
    ("Priya", "Prya", "typo"),
    ("Zofa", "Zofia", "typo"),
    ("Mei", "Mai", "different"),
    ("Xochitl", "Xochtil", "typo"),
    ("Svetlana", "Svetlena", "typo"),
    ("Svetlana", "Sveltena", "typo"),
    ("Xochitl", "Xohcitel", "different"),
    ("Mark", "Mary", "different"),
    ("John", "Joan", "different"),
    ("Ann", "Hiroshi", "different"),
    ("Ann", "?", "silent"),
    ("?", "N/A", "silent"),
]


def _pair(night: Night, number: int, left: Mapping[str, str | None], right: Mapping[str, str | None]) -> None:
    phone = f"613 555 {1000 + number}"
    night.has(f"here:{number}", phone=phone, **left).has(f"there:{number}", phone=phone, **right)


@pytest.mark.parametrize("silence", ["link", "candidate"])
def test_every_cell_of_the_evidence_table(nights: Nights, silence: Literal["link", "candidate"]) -> None:
    night = nights(settings=Match(silence=silence)).source("here").source("there")
    cells = list(product(NAMES, BIRTHS))
    for number, (name, birth) in enumerate(cells):
        (one, other), (born, also) = NAMES[name], BIRTHS[birth]
        _pair(night, number, {"first_name": one, "birth_date": born}, {"first_name": other, "birth_date": also})
    outcomes = {cell: (night.evidence(f"here:{n}", f"there:{n}") or ("", "", ""))[2] for n, cell in enumerate(cells)}
    assert outcomes == {**OUTCOMES, ("silent", "silent"): silence}


def test_name_levels(alone: Night) -> None:
    for number, (one, other, _) in enumerate(NAME_LEVELS):
        _pair(alone, number, {"first_name": one}, {"first_name": other})
    shown = [
        (one, other, (alone.evidence(f"here:{n}", f"there:{n}") or ("",))[0])
        for n, (one, other, _) in enumerate(NAME_LEVELS)
    ]
    assert shown == NAME_LEVELS


def test_a_level_is_the_same_whoever_comes_first(alone: Night) -> None:
    for number, (one, other, _) in enumerate(NAME_LEVELS):
        _pair(alone, number, {"first_name": one}, {"first_name": other})
        _pair(alone, number + 500, {"first_name": other}, {"first_name": one})
    for number in range(len(NAME_LEVELS)):
        assert alone.evidence(f"here:{number}", f"there:{number}") == alone.evidence(
            f"here:{number + 500}", f"there:{number + 500}"
        )


@pytest.mark.parametrize(
    ("one", "other", "outcome"),
    [
        (("John", "Smith Jr"), ("John", "Smith Sr."), "household"), (("John", "Smith III"), ("John", "Smith II"), "household"),
        (("John Jr.", "Smith"), ("John", "Smith, Senior"), "household"), (("John", "Smith Jr"), ("John", "Smith Junior"), "link"),
        (("John", "Smith Jr"), ("John", "Smith"), "candidate"), (("J", "Roy"), ("J", "Cole"), "candidate"),
        (("Chris", "Roy"), ("Christine", "Cole"), "candidate"), (("Chris", "Roy"), ("Christine", "Roy"), "link"),
        (("NA", "Roy"), ("NA", "Cole"), "candidate"), (("Mr", "Roy"), ("Mr.", "Cole"), "candidate"), (("李", "明"), ("李", "伟"), "candidate"),
    ],
)  # fmt: skip
def test_what_a_name_proves_beside_a_shared_contact_g6(
    alone: Night, one: tuple[str, str], other: tuple[str, str], outcome: str
) -> None:
    _pair(alone, 1, {"first_name": one[0], "last_name": one[1]}, {"first_name": other[0], "last_name": other[1]})
    assert (alone.evidence("here:1", "there:1") or ("", "", ""))[2] == outcome


def test_swapped_first_and_last_names_agree(alone: Night) -> None:
    _pair(alone, 1, {"first_name": "Priya", "last_name": "Okafor"}, {"first_name": "Okafor", "last_name": "Priya"})
    _pair(alone, 2, {"first_name": "Priya", "last_name": "Okafor"}, {"first_name": "Okafor", "last_name": "Mensah"})
    assert alone.evidence("here:1", "there:1") == ("swapped", "silent", "link")
    assert alone.evidence("here:2", "there:2") == ("different", "silent", "household")


def test_a_swapped_day_and_month_is_neither_agreement_nor_contradiction(alone: Night) -> None:
    swapped = ({"birth_date": "1990-03-04"}, {"birth_date": "1990-04-03"})
    _pair(alone, 1, *swapped)
    _pair(alone, 2, {"first_name": "Ann", **swapped[0]}, {"first_name": "Ann", **swapped[1]})
    _pair(alone, 3, {"first_name": "Ann", **swapped[0]}, {"first_name": "Kofi", **swapped[1]})
    assert alone.evidence("here:1", "there:1") == ("silent", "swapped", "candidate")
    assert alone.evidence("here:2", "there:2") == ("equal", "swapped", "link")
    assert alone.evidence("here:3", "there:3") == ("different", "swapped", "household")


def test_only_a_shared_key_makes_a_pair_and_several_make_one(alone: Night) -> None:
    alone.has("here:1", first_name="Ann", phone="613 555 0117", email="a@example.com", email_2="b@example.com")
    alone.has("here:2", first_name="Ann", phone="613 555 0117", email="b@example.com", email_2="a@example.com")
    alone.has("here:3", first_name="Ann", last_name="Roy", birth_date="1990-03-04")
    alone.matched()
    assert alone.evidence("here:1", "here:2") == ("equal", "silent", "link")
    assert alone.evidence("here:1", "here:3") is None
    assert sorted(row["key_kind"] for row in alone.rows("select key_kind from pair_keys")) == ["email", "phone"]


def test_a_kind_of_key_that_no_rule_names_pairs_nobody(nights: Nights) -> None:
    night = nights(settings=Match(keys=("email",))).source("here")
    night.has("here:1", "here:2", first_name="Ann", phone="613 555 0117", external_id="77")
    assert night.evidence("here:1", "here:2") is None


def test_the_keys_of_a_pairing_count_between_its_shop_and_its_till_only(mortar: Nights) -> None:
    """M3: a member number that one pairing matches on says nothing about two profiles of the till, or of other sources."""
    night = mortar(keys=["external_id"]).source("far")
    night.has("shop:1", "till:1", "till:2", "far:1", first_name="Ann", external_id="77")
    assert night.evidence("shop:1", "till:1") == night.evidence("shop:1", "till:2") == ("equal", "silent", "link")
    assert night.evidence("till:1", "till:2") is None
    assert night.evidence("shop:1", "far:1") is None


def test_a_pairing_may_have_a_silence_of_its_own(mortar: Nights) -> None:
    night = mortar(silence="link").has("shop:1", "till:1", "till:2", email="a@example.com")
    assert night.evidence("shop:1", "till:1") == ("silent", "silent", "link")
    assert night.evidence("till:1", "till:2") == ("silent", "silent", "candidate")


def test_people_have_the_last_word_on_a_pair(alone: Night) -> None:
    """Tier 0: a decision stands above names and birth dates, either way round; `not_same` above `same`."""
    _pair(alone, 1, {"first_name": "Ann"}, {"first_name": "Hiroshi"})
    _pair(alone, 2, {"first_name": "Ann"}, {"first_name": "Ann"})
    _pair(alone, 3, {"first_name": "Ann"}, {"first_name": "Ann"})
    alone.decided("there:1", "here:1", "same").decided("here:2", "there:2", "not_same")
    alone.decided("here:3", "there:3", "same").decided("there:3", "here:3", "not_same")
    outcomes = [(alone.evidence(f"here:{n}", f"there:{n}") or ("", "", ""))[2] for n in (1, 2, 3)]
    assert outcomes == ["link", "apart", "apart"]
