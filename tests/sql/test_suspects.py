"""Tier 2: who is probably one customer although no key says so, and who never is (G6, G8, M3, T7)."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jobs import suspects
from jobs.errors import ConfigError
from tests.sql.given import Night

ANN: dict[str, Any] = {
    "first_name": "Svetlana", "last_name": "Okafor", "birth_date": "1984-03-02", "phone": "613 555 0117", "email": "sv.okafor@example.com",
    "street": "12 Larch Street", "city": "Ottawa", "postal_code": "K1A 0B1",
}  # fmt: skip
PAIR = {frozenset(("here:1", "there:1"))}
ONE_PERSON = {
    "a typo in the name, and a new phone": {"first_name": "Svetlna", "phone": "613 555 0188", "email": None},
    "a mailbox mistyped, and no phone": {"email": "sv.okafr@example.com", "phone": None},
    "names in each other's place": {"first_name": "Okafor", "last_name": "Svetlana", "phone": None, "email": None},
    "a wedding": {"last_name": "Lindqvist", "phone": None, "email": None},
    "a birth date mistyped": {"birth_date": "1984-03-12", "phone": None, "email": None},
    "moved, with a new phone": {
        "street": "9 Elm Avenue", "city": "Toronto", "postal_code": "M4B 1B3", "phone": "416 555 0188", "email": "so@example.com",
    },
    "no birth date, street shortened": {"birth_date": None, "street": "12 larch st.", "phone": None, "email": None},
    "another phone and mailbox: signed up again (T7)": {
        "phone": "613 555 0142", "email": "newbox@example.com", "street": None, "city": None, "postal_code": None,
    },
}  # fmt: skip
FAMILY = {
    "a sister with the phone": {"first_name": "Ingrid", "birth_date": "1990-07-07", "email": None},
    "a twin with the phone": {"first_name": "Ingrid", "email": None},
    "a daughter of the name with the phone": {"birth_date": "2009-05-17", "email": None},
    "a brother at the address": {"first_name": "Tariq", "birth_date": "1990-07-07", "phone": None, "email": None},
    "a brother at the address, born who knows when": {"first_name": "Tariq", "birth_date": None, "phone": None, "email": None},
    "a sister whose name is one letter off": {"first_name": "Svetlina", "birth_date": "1990-07-07", "email": None},
    "junior": {"last_name": "Okafor Jr", "birth_date": None, "phone": None, "email": None},
}  # fmt: skip
STRANGERS = {
    "a namesake elsewhere, born on another day": {
        "birth_date": "1971-11-30", "phone": None, "email": None, "street": "9 Elm Avenue", "city": "Toronto", "postal_code": "M4B 1B3",
    },
    "a neighbour": {"first_name": "Kofi", "last_name": "Brand", "birth_date": None, "phone": None, "email": None},
}  # fmt: skip


def suspected(night: Night) -> set[frozenset[str]]:
    rows = night.suspected().rows("select left_source, left_id, right_source, right_id from suspects")
    return {frozenset((f"{r['left_source']}:{r['left_id']}", f"{r['right_source']}:{r['right_id']}")) for r in rows}


def against(night: Night, other: dict[str, Any], **first: Any) -> Night:
    """The customer in one store, and another profile in the other; beside them a town of strangers."""
    night.has("here:1", **{**ANN, **first}).has("there:1", **{**ANN, **other})
    for number in range(20):
        night.has(
            f"here:s{number}",
            first_name=f"Xan{number}",
            last_name=f"Quist{number}",
            birth_date=f"19{50 + number}-01-02",
        )
    return night


@pytest.mark.parametrize("case", ONE_PERSON)
def test_who_is_probably_one_customer_is_asked_about(alone: Night, case: str) -> None:
    night = against(alone, ONE_PERSON[case])
    assert suspected(night) == PAIR
    found = night.finding("suspect")
    assert set(found.members) == {"here:1", "there:1"}
    assert found.check.severity == "low"
    assert night.planned() == []


def test_a_nickname_is_the_name(alone: Night) -> None:
    night = against(alone, {"first_name": "Bob", "phone": None, "email": None}, first_name="Robert")
    assert suspected(night) == PAIR


@pytest.mark.parametrize("case", FAMILY)
def test_a_family_is_never_asked_whether_it_is_one_person_g6(alone: Night, case: str) -> None:
    first = {"last_name": "Okafor Sr"} if case == "junior" else {}
    night = against(alone, FAMILY[case], **first)
    assert night.groups() == set()
    assert suspected(night) == set()


@pytest.mark.parametrize("case", STRANGERS)
def test_strangers_are_left_alone(alone: Night, case: str) -> None:
    assert suspected(against(alone, STRANGERS[case])) == set()


def test_who_is_tied_already_is_no_suspect(alone: Night) -> None:
    night = against(alone, {})
    assert night.groups() == PAIR
    assert suspected(night) == set()


def test_two_whom_a_person_called_different_are_not_asked_about_again_nor_are_their_other_profiles(
    alone: Night,
) -> None:
    """`here:1` and `here:2` are one entity; what was said of the one holds for the other."""
    other = ONE_PERSON["a typo in the name, and a new phone"]
    night = against(alone, other).has("here:2", **ANN)
    night.decided("here:1", "there:1", "not_same")
    assert frozenset(("here:1", "here:2")) in night.groups()
    assert suspected(night) == set()


def test_a_household_anywhere_between_two_entities_keeps_them_apart(alone: Night) -> None:
    """The sister's second profile has no first name: it is hers all the same."""
    sister = {**ANN, "first_name": "Ingrid", "birth_date": "1990-07-07", "email": "ingrid@example.com"}
    night = against(alone, sister).has(
        "there:2", **{**sister, "first_name": None, "phone": None, "birth_date": "1990-07-07"}
    )
    assert suspected(night) == set()


def test_the_waterfall_adds_up_and_is_in_the_evidence_g8(alone: Night) -> None:
    night = against(alone, ONE_PERSON["a typo in the name, and a new phone"])
    facts = dict(night.suspected().finding("suspect").evidence)
    bits = {name: float(value.split()[0]) for name, value in facts.items() if name.endswith(".weight")}
    assert set(bits) == {
        f"{name}.weight" for name in ("prior", "first_name", "last_name", "birth_date", "contact", "address")
    }
    assert sum(bits.values()) == pytest.approx(float(facts["weight"]), abs=0.3)
    assert facts["first_name.weight"].endswith(" typo")
    assert 0.9 < float(facts["probability"]) <= 1
    assert not {"svetlana", "svetlna", "okafor"} & set(" ".join(facts.values()).lower().split())


def test_a_rare_name_says_more_than_a_common_one(nights: Callable[..., Night]) -> None:
    def weight(**others: Any) -> float:
        night = against(nights().source("here").source("there"), ONE_PERSON["moved, with a new phone"])
        for number in range(30):
            night.has(f"here:n{number}", birth_date=f"{1920 + number % 80}-05-{1 + number % 28:02}", **others)
        ((value,),) = [
            tuple(r.values()) for r in night.suspected().rows("select weight from suspects where left_id = '1'")
        ]
        return float(value)

    assert weight(first_name="Zed", last_name="Okafor") < weight(first_name="Zed", last_name="Zaleski") - 1


def test_a_crowd_on_one_part_is_not_compared_with_itself(alone: Night) -> None:
    """Three hundred of one name and nothing else: not 45,000 comparisons."""
    for number in range(300):
        alone.has(f"here:{number}", first_name="Kofi", last_name="Brand")
    assert suspected(alone) == set()
    assert alone.rows("select count(*) as n from suspect_pairs") == [{"n": 0}]
    assert alone.rows("select distinct profiles, too_full from blocks") == [{"profiles": 300, "too_full": True}]


def test_an_id_number_that_is_a_key_ties_what_names_do_not(nights: Callable[..., Night]) -> None:
    """The number is asked about only where the configuration calls it a key, and neighbours in a row are no typo."""
    other = {"first_name": "Ingrid", "birth_date": None, "phone": None, "email": None}
    for keys, number, expected in (
        (("email", "phone", "external_id"), "48210973", PAIR), (("email", "phone", "external_id"), "48219073", PAIR),
        (("email", "phone", "external_id"), "48210974", set()), (("email", "phone"), "48210973", set()),
    ):  # fmt: skip
        night = nights(settings=suspects_match(keys)).source("here").source("there")
        assert suspected(against(night, {**other, "external_id": number}, external_id="48210973")) == expected


def suspects_match(keys: tuple[str, ...]) -> Any:
    from jobs.settings import Match

    return Match.model_validate({"keys": keys})


def test_weights_of_the_workspace_go_before_those_of_the_product(tmp_path: Path) -> None:
    given = suspects.GIVEN.read_text(encoding="utf-8")
    (tmp_path / "weights.csv").write_text(
        given.replace("phone,different,0.45", "phone,different,0.30"), encoding="utf-8"
    )
    own = {(w.field, w.level): w.same for w in suspects.weights(tmp_path)}
    assert own["phone", "different"] == 0.30
    assert len(own) == len(suspects.weights())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "field,level\n",
        "field,level,same,others,why\nphone,equal,0,0.1,\n",
        "field,level,same,others,why\nphone,equal,x,0.1,\n",
    ],
)
def test_a_file_that_holds_no_weights_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "weights.csv").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"weights\.csv: not a file of weights .*remove it"):
        suspects.weights(tmp_path)


def test_a_file_that_lacks_a_level_is_refused(tmp_path: Path) -> None:
    kept = [line for line in suspects.GIVEN.read_text(encoding="utf-8").splitlines() if not line.startswith("crossed")]
    (tmp_path / "weights.csv").write_text("\n".join(kept), encoding="utf-8")
    with pytest.raises(ConfigError, match="it lacks crossed yes"):
        suspects.weights(tmp_path)
