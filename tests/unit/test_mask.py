"""What a mask shows, and that it never shows the value (G11; DESIGN, Data at rest)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reports import mask as room
from reports.mask import HIDDEN, PLAIN, is_plain, mask, masks, scrub

PERSONAL = (
    "first_name", "last_name", "full_name", "phone", "phone_2", "email", "birth_date", "street", "city", "region",
    "postal_code", "country", "note",
)  # fmt: skip


@pytest.mark.parametrize(
    ("field", "value", "masked"),
    [
        ("email", "gloria@example.com", "g***@ex***.com"),
        ("email", "Gloria@EXAMPLE.com ", "g***@ex***.com"),
        ("email", "al@hp.com", "***@***.com"),
        ("email", "gloria@mail.example.com", "g***@ma***.com"),
        ("email", "gloria@localhost", "g***@lo***"),
        ("email", "not an address", HIDDEN),
        ("phone", "+1 613 555 0117", "*******117"),
        ("phone", "(613)555-0117", "*******117"),
        ("phone", "613-555-0117 or 613-555-0118", "*******118"),
        ("phone", "555-01", HIDDEN),
        ("phone", "ask her sister", HIDDEN),
        ("first_name", "Aoife", "A… (5-8)"),
        ("first_name", "al", "A… (2-4)"),
        ("last_name", "élan-Dunmore", "E… (9+)"),
        ("full_name", "Aoife Maria van Dyck", "A… M… V… (9+)"),
        ("first_name", "A", "*"),
        ("birth_date", "1984-03-02", "1984-**-**"),
        ("birth_date", "02/03/84", HIDDEN),
        ("street", "12 Elm Street", "E… (9+)"),
        ("postal_code", "K1A 0B1", "K… (5-8)"),
        ("postal_code", "90210", "… (5-8)"),
        ("note", "Linked with ECOM. Do not delete!", "*** (32 characters)"),
    ],
)
def test_each_kind_of_field_has_its_mask(field: str, value: str, masked: str) -> None:
    assert mask(field, value) == masked


@pytest.mark.parametrize("field", ["phone@till:123", "before.phone", "after.phone@a.b:c", "Phone"])
def test_the_field_is_found_in_every_way_of_naming_it(field: str) -> None:
    assert mask(field, "+16135550117") == "*******117"


@pytest.mark.parametrize("field", ["driver_license", "tax_id", "medical_card", "", "@till:1", "password"])
def test_unknown_fields_show_nothing_at_all(field: str) -> None:
    """G11: a field nobody has heard of is not shown, whatever its name looks like."""
    assert mask(field, "X1234567") == HIDDEN


def test_ids_states_and_rules_stay() -> None:
    assert mask("survivor", "till:0071234567") == "till:0071234567"
    assert mask("email_consent@till:1", "out") == "out"
    assert mask("link:till", "9000000000001") == "9000000000001"
    assert mask("before.link:a.b", "77") == "77"
    assert is_plain("state@till:1")
    assert not is_plain("phone@till:1")


def test_contacts_in_plain_texts_are_masked_all_the_same() -> None:
    """Tags and reasons are typed by people, and people type numbers."""
    assert mask("tags", "vip;call 613-555-0117;gloria@example.com") == "vip;call *******117;g***@ex***.com"
    assert scrub("taken by +1 613 555 0117 on 2026-11-23 (run 2026-11-23-a, id 8812345678901)") == (
        "taken by *******117 on 2026-11-23 (run 2026-11-23-a, id 8812345678901)"
    )


@pytest.mark.parametrize("value", [None, ""])
def test_nothing_stays_nothing(value: str | None) -> None:
    assert mask("phone", value) == ""


def test_no_personal_field_is_on_the_list_of_plain_names() -> None:
    assert not PLAIN & set(room._MASKS)
    assert not PLAIN & set(PERSONAL)


texts = (
    st.text(max_size=40) | st.text("0123456789+-(). *…", max_size=24) | st.emails() | st.sampled_from(["(2-4)", "**"])
)


@given(field=st.sampled_from(PERSONAL) | st.text(max_size=12).filter(lambda name: not is_plain(name)), value=texts)
@settings(max_examples=150, deadline=None)
def test_a_mask_is_total_deterministic_and_never_holds_the_value(field: str, value: str) -> None:
    masked = mask(field, value)
    assert masked == mask(field, value)
    bare = value.strip()
    if len(bare) >= 2:
        assert bare.casefold() not in masked.casefold()
    elif value:
        assert masked == "*"


@given(digits=st.text("0123456789", min_size=7, max_size=15))
def test_a_phone_gives_away_three_digits_only(digits: str) -> None:
    assert mask("phone", f"+{digits}") == "*******" + digits[-3:]


@given(name=st.text("abcdefghijklmnop", min_size=3, max_size=30))
def test_a_name_gives_away_one_letter_only(name: str) -> None:
    shown = [c for c in mask("last_name", name) if c.isalpha()]
    assert shown == [name[0].upper()]


# values side by side ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "values", "shown"),
    [
        ("phone", ["+1 613 555 0117", "(416) 555-0117"], ["*******117 (digit 1: 6)", "*******117 (digit 1: 4)"]),
        ("phone", ["+1 613 555 0117", "(613) 555-0117"], ["*******117", "*******117"]),
        ("phone", ["+1 613 555 0117", "613 555 0118"], ["*******117", "*******118"]),
        ("email", ["gina@example.com", "gloria@example.com"],
         ["g***@ex***.com (character 2: i)", "g***@ex***.com (character 2: l)"]),
        ("email", ["Gina@example.com", "gina@EXAMPLE.com"], ["g***@ex***.com", "g***@ex***.com"]),
        ("birth_date", ["1984-03-02", "1984-08-02"], ["1984-**-** (month 03)", "1984-**-** (month 08)"]),
        ("birth_date", ["1984-03-02", "1984-03-12"], ["1984-**-** (day 02)", "1984-**-** (day 12)"]),
        ("first_name", ["Anna", "Anne", None], ["A… (2-4) (character 4: a)", "A… (2-4) (character 4: e)", ""]),
        ("first_name", ["Anna", "Annas"], ["A… (2-4)", "A… (5-8)"]),
        ("first_name", ["Al", "Ad"],
         ["A… (2-4) (differs in character 2, no. 1)", "A… (2-4) (differs in character 2, no. 2)"]),
        ("note", ["owes ten", "owes two"],
         ["*** (8 characters) (differs in character 7, no. 1)", "*** (8 characters) (differs in character 7, no. 2)"]),
        ("driver_license", ["X1234567", "X1234568"],
         ["*** (differs in character 8, no. 1)", "*** (differs in character 8, no. 2)"]),
        ("email_consent", ["in", "in"], ["in", "in"]),
    ],
)  # fmt: skip
def test_two_values_that_differ_never_look_the_same(field: str, values: list[str | None], shown: list[str]) -> None:
    """An attacker's find: another number, the same last three digits, and before and after looked the same."""
    assert masks(field, values) == shown


@given(
    field=st.sampled_from(PERSONAL),
    values=st.lists(st.text("abc019@.-", min_size=4, max_size=12), min_size=2, max_size=4),
)
@settings(max_examples=120, deadline=None)
def test_masks_tell_apart_and_still_never_hold_a_value(field: str, values: list[str]) -> None:
    shown = masks(field, values)
    for value, text in zip(values, shown, strict=True):
        assert value.strip().casefold() not in text.casefold()
    if not field.startswith("phone"):
        assert len(set(shown)) == len({" ".join(value.casefold().split()) for value in values})
