"""Values that stand for nobody (G5): listed, or shared by more clearly different people than the limit in one source."""

from collections.abc import Callable

from jobs.match import CROWD
from jobs.settings import Match, Placeholders
from tests.sql.given import Night

Nights = Callable[..., Night]
PHONE = "+16135550117"
NAMES = (
    "Fatima", "Priya", "Kofi", "Ingrid", "Tariq", "Yuki", "Zofia", "Bogdan", "Umberto", "Quentin", "Svetlana", "Hiroshi",
)  # fmt: skip


def _share(night: Night, source: str, names: tuple[str | None, ...], start: int = 0, **fields: str) -> Night:
    for number, name in enumerate(names, start=start):
        night.has(f"{source}:{number}", first_name=name, phone=PHONE, **fields)
    return night


def test_more_than_ten_different_people_of_one_source_make_a_placeholder(alone: Night) -> None:
    assert _share(alone, "here", NAMES[:11]).placeholders() == {("here", PHONE, "shared")}
    assert alone.keys("here:0") == set()


def test_ten_different_people_do_not(alone: Night) -> None:
    assert _share(alone, "here", NAMES[:10]).placeholders() == set()
    assert alone.keys("here:0") == {("phone", PHONE)}


def test_the_limit_counts_within_one_source_and_never_over_several(alone: Night) -> None:
    _share(alone, "here", NAMES[:6])
    assert _share(alone, "there", NAMES[6:]).placeholders() == set()


def test_what_was_learned_in_one_source_is_no_key_in_any(alone: Night) -> None:
    _share(alone, "here", NAMES[:11])
    _share(alone, "there", NAMES[:1])
    assert alone.keys("there:0") == set()
    assert alone.placeholders() == {("here", PHONE, "shared")}
    assert alone.groups() == set()


def test_other_birth_dates_are_other_people_too(nights: Nights) -> None:
    """G6: a different birth date alone says that two people are clearly different."""
    many, few = (nights().source("here") for _ in range(2))
    for number in range(11):
        many.has(f"here:{number}", first_name="Ann", birth_date=f"1990-01-{number + 1:02}", phone=PHONE)
        few.has(f"here:{number}", first_name="Ann", birth_date=f"1990-01-{number // 2 + 1:02}", phone=PHONE)
    assert many.placeholders() == {("here", PHONE, "shared")}
    assert few.placeholders() == set()


def test_the_limit_is_a_setting(nights: Nights) -> None:
    night = nights(settings=Match(placeholders=Placeholders(shared_by=3))).source("here")
    assert _share(night, "here", NAMES[:4]).placeholders() == {("here", PHONE, "shared")}


def test_a_crowd_without_names_is_a_placeholder_from_its_size_on(nights: Nights) -> None:
    crowd = nights().source("here")
    assert _share(crowd, "here", (None,) * (CROWD + 1)).placeholders() == {("here", PHONE, "crowd")}
    family = nights().source("here")
    assert _share(family, "here", (None,) * CROWD).placeholders() == set()


def test_listed_patterns_are_placeholders_however_few_hold_them(alone: Night) -> None:
    alone.listed("email", "noemail@%").listed("phone", "%5555555")
    alone.has("here:1", email="NoEmail@shop.example.com", phone="613 555 5555").has(
        "here:2", email="noemails@example.com"
    )
    assert alone.placeholders() == {
        ("here", "noemail@shop.example.com", "listed"),
        ("here", "+16135555555", "listed"),
    }
    assert alone.keys("here:1") == set()
    assert alone.keys("here:2") == {("email", "noemails@example.com")}


def test_stand_ins_and_gone_profiles_do_not_count(alone: Night) -> None:
    _share(alone, "here", NAMES[:9])
    alone.has("here:walk-in", first_name="Walk", phone=PHONE).stands_in("here:walk-in")
    assert _share(alone, "here", ("Hiroshi", "Lubna"), start=20, status="deleted").placeholders() == set()


def test_a_newly_learned_placeholder_unlinks_nobody(mortar: Nights) -> None:
    """What a system stores stays a link; the value merely matches nobody any more."""
    night = mortar().has("shop:1", first_name="Ann", phone=PHONE, links={"till": "0"})
    _share(night, "till", NAMES[:11])
    assert night.links() == {("shop:1", "till:0", "stored id", "active")}
    assert night.groups() == {frozenset({"shop:1", "till:0"})}


def test_each_is_told_with_its_count_and_how_it_is_known(alone: Night) -> None:
    """G5: by list, by pattern (named), or learned from tonight's profiles."""
    alone.listed("email", "desk@example.com").listed("email", "noemail@%")
    alone.has("here:a", "here:b", email="desk@example.com").has("here:c", email="NoEmail@example.com")
    told = {tuple(dict(f.evidence).values()) for f in _share(alone, "here", NAMES[:11]).findings("placeholder")}
    assert told == {
        ("desk@example.com", "2", "by list: it is written there"),
        ("noemail@example.com", "1", "by pattern: it is no contact of anybody", "noemail@*"),
        (PHONE, "11", "learned tonight: 11 clearly different people of this source share it"),
    }
