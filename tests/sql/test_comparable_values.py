"""What a profile's values come to before they are compared: names, birth dates, emails, phones, addresses (G3-G6)."""

import unicodedata
from collections.abc import Callable
from datetime import date

import pytest

from tests.sql.given import Night

Nights = Callable[..., Night]

FIRST_NAMES = {
    "Ann": "ann",
    "  ANN  ": "ann",
    "Łukasz": "lukasz",
    "Søren": "soren",
    "Ægir": "aegir",
    "Œuvrard": "oeuvrard",
    "İlayda": "ilayda",
    "ISIL": "isil",
    "Işıl": "isil",
    "Weiß": "weiss",
    "ẞara": "ssara",
    "Þóra": "thora",
    "Zoë": "zoe",
    unicodedata.normalize("NFD", "Zoë"): "zoe",
    "Nguyễn": "nguyen",
    unicodedata.normalize("NFD", "Nguyễn"): "nguyen",
    "Ștefan": "stefan",
    "Алексей": "алексеи",
    unicodedata.normalize("NFD", "Алексей"): "алексеи",
    "Γιώργος": "γιωργος",
    "李": "李",
    "O’Hara": "ohara",
    "D'Angelo": "dangelo",
    "J.R.": "jr",
    "Mary-Jane": "mary jane",
    "Anne\u00a0Marie": "anne marie",
    "NA": None,
    "Null": None,
    "?": None,
    "N/A": None,
    "n/a": None,
    " - ": None,
    ".": None,
    "Unknown": None,
    "(unknown)": None,
    "!!!": None,
}

LAST_NAMES = {
    "van der Berg": "van der berg",
    "NA": "na",
    "Na": "na",
    "Null": "null",
    "?": None,
    "St-Pierre": "st pierre",
}

FULL_NAMES = {
    "Müller, Jürgen": ("jurgen", "muller"),
    "Smith,John Paul": ("john paul", "smith"),
    "Mary-Jane Smith": ("mary jane", "smith"),
    "Jan van der Berg": ("jan", "van der berg"),
    "  Zoë   Côté ": ("zoe", "cote"),
    "Cher": ("cher", None),
    "Smith,": (None, "smith"),
    "N/A": (None, None),
}

BIRTH_DATES = {
    "1990-03-04": date(1990, 3, 4),
    "1990-3-4": date(1990, 3, 4),
    "1990-03-04T05:06:07Z": date(1990, 3, 4),
    "1990-03-04 00:00:00": date(1990, 3, 4),
    " 1990-03-04 ": date(1990, 3, 4),
    "1990/03/04": date(1990, 3, 4),
    "19900304": date(1990, 3, 4),
    "31/12/1990": date(1990, 12, 31),
    "12/31/1990": date(1990, 12, 31),
    "31.12.1990": date(1990, 12, 31),
    "1992-02-29": date(1992, 2, 29),
    "1990-02-29": None,
    "13/14/1990": None,
    "1990-13-01": None,
    "1900-01-01": None,
    "1900-01-02": date(1900, 1, 2),
    "2026-11-23": date(2026, 11, 23),
    "2026-11-24": None,
    "03/04/90": None,
    "1990-03-04 or so": date(1990, 3, 4),
    "1990-03-0412": None,
    "spring": None,
}

EMAILS = {
    " Ann@Example.COM ": "ann@example.com",
    "ann+news@example.com": "ann+news@example.com",
    "a.n.n@example.com": "a.n.n@example.com",
    "ann@example.com\u00a0": "ann@example.com",
    "ann": None,
    "ann@": None,
    "a@b@example.com": None,
    "ann @example.com": None,
}


def _shown(night: Night, column: str) -> dict[str, object]:
    return {row["id"]: row[column] for row in night.matched().rows(f"select id, {column} from people")}


def _column(night: Night, field: str, column: str, expected: dict[str, object]) -> None:
    for number, value in enumerate(expected):
        night.has(f"here:{number}", **{field: value})
    shown = _shown(night, column)
    assert {value: shown[str(number)] for number, value in enumerate(expected)} == expected


def test_first_names_are_folded_for_comparison_only_and_some_say_nothing(alone: Night) -> None:
    _column(alone, "first_name", "first_key", dict(FIRST_NAMES))


def test_last_names_keep_their_particles_and_na_is_a_name(alone: Night) -> None:
    _column(alone, "last_name", "last_key", dict(LAST_NAMES))


def test_a_full_name_is_cut_at_its_comma_or_after_its_first_word(alone: Night) -> None:
    for number, name in enumerate(FULL_NAMES):
        alone.has(f"here:{number}", full_name=name)
    first, last = _shown(alone, "first_key"), _shown(alone, "last_key")
    assert {name: (first[str(n)], last[str(n)]) for n, name in enumerate(FULL_NAMES)} == FULL_NAMES


def test_a_full_name_fills_in_only_where_neither_part_is_given(alone: Night) -> None:
    alone.has("here:1", full_name="Ann Roy", last_name="Roy").has("here:2", full_name="Ann Roy", first_name="?")
    assert _shown(alone, "first_key") == {"1": None, "2": "ann"}
    assert _shown(alone, "last_key") == {"1": "roy", "2": "roy"}


def test_birth_dates_are_days_or_nothing(alone: Night) -> None:
    _column(alone, "birth_date", "birth_key", dict(BIRTH_DATES))


def test_an_ambiguous_birth_date_is_read_as_the_region_writes_it(nights: Nights) -> None:
    night = nights().source("us", region="US").source("ca").source("gb", region="GB")
    night.has("us:1", "ca:1", "gb:1", birth_date="03/04/1990").has("gb:2", birth_date="12/31/1990")
    assert night.person("us:1")["birth_key"] == date(1990, 3, 4)
    assert night.person("ca:1")["birth_key"] == date(1990, 3, 4)
    assert night.person("gb:1")["birth_key"] == date(1990, 4, 3)
    assert night.person("gb:2")["birth_key"] == date(1990, 12, 31)


def test_emails_are_trimmed_and_case_folded_and_nothing_more_g4(alone: Night) -> None:
    _column(alone, "email", "email_key", dict(EMAILS))


@pytest.mark.parametrize("rule", ["G3", "M4"])
def test_five_spellings_are_one_phone(alone: Night, rule: str) -> None:
    spellings = {
        "G3": ["6135550117", "+16135550117", "(613)555-0117", "+1 613-555-0117", "1.613.555.0117 "],
        "M4": ["+1 613-555-0117", "+1 (613) 555-0117", "613-555-0117", "(613) 555-0117"],
    }[rule]
    for number, phone in enumerate(spellings):
        alone.has(f"here:{number}", phone=phone)
    assert set(_shown(alone, "phone_key").values()) == {"+16135550117"}


def test_phones_that_are_not_one_number_are_no_key_g3(alone: Night) -> None:
    odd = ["ask her sister", "613-555-0117 or 613-555-0118", "555-01", "613-555-0117 x12"]
    for number, phone in enumerate(odd):
        alone.has(f"here:{number}", phone=phone)
    assert set(_shown(alone, "phone_key").values()) == {None}
    assert alone.rows("select * from all_keys") == []


def test_a_phone_without_country_code_is_at_home_in_its_source_s_region(nights: Nights) -> None:
    night = nights().source("ca").source("gb", region="GB").has("ca:1", "gb:1", phone="020 7946 0117")
    night.has("gb:2", phone="+1 613 555 0117").has("ca:2", phone="613 555 0117")
    assert night.keys("gb:1") == {("phone", "+442079460117")}
    assert night.keys("ca:1") == set()
    assert night.keys("gb:2") == night.keys("ca:2") == {("phone", "+16135550117")}


def test_every_different_phone_and_email_is_a_key_once(alone: Night) -> None:
    alone.has(
        "here:1",
        phone="613 555 0117",
        phone_2="613 555 0118",
        email="a@example.com",
        email_2="b@example.com",
        external_id=" 9 ",
    )
    alone.has("here:2", phone="613 555 0119", phone_2="+1 613 555 0119", email="c@example.com", email_2="C@example.com")
    assert alone.keys("here:1") == {
        ("phone", "+16135550117"), ("phone", "+16135550118"), ("email", "a@example.com"), ("email", "b@example.com"),
        ("external_id", "9"),
    }  # fmt: skip
    assert alone.keys("here:2") == {("phone", "+16135550119"), ("email", "c@example.com")}


def test_who_stands_for_a_person_and_whose_values_are_keys_m14(nights: Nights) -> None:
    """Stand-ins are left out, archived profiles have keys, deleted and merged ones none, unusable sources nobody."""
    night = nights().source("here").source("silent", usable=False, certified=False)
    night.has("here:active", "here:walk-in", "here:default", "silent:1", phone="613 555 0117")
    for status in ("archived", "deleted", "merged"):
        night.has(f"here:{status}", status=status, phone="613 555 0117")
    night.stands_in("here:walk-in").stands_in("here:default", default=True)
    night.matched()
    people = {row["id"]: row["in_play"] for row in night.rows("select source, id, in_play from people")}
    assert people == {"active": True, "archived": False, "deleted": False, "merged": False}
    assert {row["id"] for row in night.rows("select w.id from keys as k join people as w on w.n = k.n")} == {
        "active",
        "archived",
    }


def test_an_address_is_one_value_whatever_its_case_accents_and_punctuation(mortar: Nights) -> None:
    night = mortar().has(
        "shop:1", street="12 Côte-des-Neiges St.", street_2="Unit 3", city="Montréal", postal_code="H2X 1Y4"
    )
    night.has("till:1", street="12 COTE DES NEIGES ST", street_2="unit 3", city="Montreal", postal_code="h2x1y4")
    night.has("till:2", street="13 Côte-des-Neiges St.", street_2="Unit 3", city="Montréal", postal_code="H2X 1Y4").has(
        "till:3"
    )
    here, same, other, none = (night.person(who)["address_key"] for who in ("shop:1", "till:1", "till:2", "till:3"))
    assert here == same != other
    assert none is None
