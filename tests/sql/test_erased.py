"""Who was erased on request stays out of a night, by vendor id or by a contact with a name or birth date (G10)."""

import random
from collections.abc import Callable
from dataclasses import asdict
from datetime import date, datetime
from hashlib import sha256
from typing import Any

import pytest

from jobs import erased
from jobs.erasures import HASHED_WITH, Tombstone, stone_of
from tests.sql import invented
from tests.sql.given import CAN, KEY, VAULT, Can, Night, someone

Nights = Callable[..., Night]
HERS: dict[str, Any] = someone(
    1, first_name="Zoë", phone="613 555 0117", email="zoe@example.com", birth_date="1984-03-02"
)
ASKED = date(2026, 11, 10)
SAID = {
    "entities": "select source, id, entity_id, status from entities order by source, id",
    "links": "select pairing, ecom_source, ecom_id, pos_source, pos_id, rule, state from links order by 1, 2, 3, 4, 5",
    "bases": "select * from next_bases order by pairing, ecom_source, ecom_id, pos_source, pos_id, field",
    "outs": "select source, id, channel, first_seen, entity_id from next_outs order by source, id, channel",
}


def stones(night: Night, *who: str, key: str = KEY) -> list[Tombstone]:
    """The tombstones of profiles of a night that is thrown away."""
    night.matched()
    return erased.tombstones(night.warehouse, [tuple(one.split(":", 1)) for one in who], key)


def remembering(night: Night, made: list[Tombstone]) -> Night:
    night.warehouse.insert("tombstones", [(stone.hash, stone.kind, 1, ASKED) for stone in made])
    return night


def held(night: Night) -> set[tuple[str, str, bool]]:
    rows = night.matched().rows("select concat(source, ':', id) as who, how, blank from held_out")
    return {(row["who"], row["how"], row["blank"]) for row in rows}


def test_g10_a_stale_copy_is_held_out_and_a_spouse_a_namesake_or_a_new_sign_up_is_not(mortar: Nights) -> None:
    made = stones(
        mortar().has("shop:1", **HERS).has("till:4", **HERS | {"first_name": "Zoe", "phone": None}), "shop:1", "till:4"
    )
    later, phone, email = datetime(2026, 11, 20), HERS["phone"], HERS["email"]
    bought = {"created_at": datetime(2026, 11, 15), "has_purchased": True, "last_seen_at": later}
    night = remembering(mortar(), made)
    night.has("till:4", **dict.fromkeys(HERS) | {"first_name": "Customer", "last_name": "[4]"})
    night.has("till:5", **someone(5, first_name="ZOE", phone=f"+1 {phone}"))
    night.has("till:6", **someone(6, first_name=None, birth_date="1984-03-02", email=email.upper()))
    night.has("till:7", **someone(7, first_name="Bogdan", phone=phone))
    night.has("till:8", **someone(8, first_name="Zoë", birth_date="1984-03-02"))
    night.has("shop:9", **HERS | {"first_name": "Zoë"}, **bought)
    night.has(
        "shop:10", **HERS, created_at=datetime(2026, 11, 15), has_purchased=True, last_seen_at=datetime(2026, 1, 5)
    )
    night.has("shop:11", **HERS, created_at=datetime(2026, 11, 15), email_consent_at=datetime(2026, 11, 15))
    night.has("shop:12", **HERS, created_at=datetime(2026, 11, 15), email_consent_at=datetime(2026, 11, 16))
    night.has("shop:1", **HERS)
    assert held(night) == {
        ("shop:10", "contact", False), ("shop:11", "contact", False), ("till:4", "id", True), ("shop:1", "id", False), ("till:5", "contact", False), ("till:6", "contact", False),
    }  # fmt: skip
    assert set(night.ids()) == {"till:7", "till:8", "shop:9", "shop:12"}
    told = {member for _, _, members in night.found() for member in members}
    assert told <= set(night.ids()), "what is held out leaves no broken link and no gap behind"


def test_g10_let_in_is_a_word_on_one_profile_and_a_placeholder_makes_no_tombstone(mortar: Nights) -> None:
    nobody = {"phone": "0000000000", "email": "noemail@example.com"}
    listed = mortar().listed("phone", "%0000000").listed("email", "noemail@%").has("till:1", **HERS | nobody)
    assert {stone.kind for stone in stones(listed, "till:1")} == {"id"}
    word = Tombstone(sha256(f"{KEY}|tombstone|let_in|till:2".encode()).hexdigest()[:32], "let_in")
    made = stones(mortar().has("shop:1", **HERS), "shop:1")
    night = remembering(mortar(), [*made, word]).has("till:2", **HERS).has("till:3", **HERS)
    assert held(night) == {("till:3", "contact", False)}
    key = VAULT.sql_key(HASHED_WITH)
    (own,) = [s for s in stones(mortar().has("till:2", **HERS), "till:2", key=key) if s.kind == "id"]
    assert stone_of(VAULT, "id", "till", "2") == own, "the same hash from Python and from SQL"
    assert (
        stone_of(VAULT, "let_in", "till", "2").hash
        == sha256(f"{key}|tombstone|let_in|till:2".encode()).hexdigest()[:32]
    )


def test_m15_a_task_is_a_finding_by_its_clock_and_a_correction_where_the_api_can(mortar: Nights) -> None:
    """High while there is time, critical once it is over or the person is back; only what is not asked for yet is planned."""
    night = mortar()
    night.source("web", "shopify", "ecom", can=Can((*CAN["shopify"].actions, "erase"), CAN["shopify"].fields))
    for n, (back, days, was_asked) in enumerate(
        ((False, 3, False), (False, -1, False), (True, 3, False), (False, 3, True)), 1
    ):
        values = f"('web', '{n}', 'archived', '{someone(n)['first_name']}')"
        night.warehouse.connection.execute(
            f"insert into erased_profiles (source, id, status, first_name) values {values}"
        )
        row = (1, "web", str(n), "gdpr", ASKED, ASKED, days, back, was_asked, "ask the vendor")
        night.warehouse.insert("erasure_tasks", [row])
    severities = {(f.check.kind, *f.members): f.check.severity for f in night.findings()}
    assert severities == {
        ("erasure_open", "web:1"): "high", ("erasure_overdue", "web:2"): "critical", ("erased_back", "web:3"): "critical",
        ("erasure_open", "web:4"): "high",
    }  # fmt: skip
    planned = night.planned("erase")
    assert [c.profile_id for c in planned] == ["1", "2", "3"]
    assert {(c.state, c.needs, c.reversible) for c in planned} == {("held", ("approval",), "not")}
    assert {value for c in planned for value in c.before.values()} == {None}, "the journal keeps no value of theirs"


def everything(night: Night) -> dict[str, Any]:
    """All that a night says of anybody."""
    tables = {name: night.detected().rows(query) for name, query in SAID.items()}
    return {**tables, "findings": [asdict(f) for f in night.findings()], "plan": [asdict(c) for c in night.planned()]}


@pytest.mark.parametrize("seed", [23])
def test_g10_a_night_without_the_erased_is_as_if_they_had_never_been_listed(seed: int) -> None:
    """Nothing is concluded from them, for nobody: neither from the profiles that were named nor from copies of them."""
    first = invented.night(seed).matched()
    customers = [group for group in first.partition() if len(group) > 1]
    erased_ones = {who for group in random.Random(seed).sample(sorted(customers, key=sorted), 6) for who in group}
    made = stones(first, *sorted(erased_ones))
    first.close()
    held_apart = remembering(invented.night(seed), made)
    gone = {who for who, _, _ in held(held_apart)}
    assert erased_ones <= gone
    absent = invented.night(seed, given=[(who, fields) for who, fields in invented.profiles(seed) if who not in gone])
    assert everything(held_apart) == everything(absent)
    for night in (held_apart, absent):
        night.close()
