"""Clerks and shoppers between two nights: ordinary hands on ordinary profiles, by chance alone."""

import random
from collections.abc import Callable
from typing import Any

from connectors.sandbox.world import World

ADDRESS = ("street", "street_2", "city", "region", "postal_code", "country")
Deed = Callable[["Hands", str, str], None]


class Hands:
    """What people do in a simulated group. `refused`: how often a vendor would not let them."""

    def __init__(self, world: World, rng: random.Random) -> None:
        self.world = world
        self.rng = rng
        self.refused = 0

    def work(self, deeds: int) -> None:
        """So many deeds, each on somebody of some account."""
        for _ in range(deeds):
            source = self.rng.choice(sorted(self.world.accounts))
            somebody = self._somebody(source)
            deed = self.rng.choices(list(DEEDS), list(DEEDS.values()))[0]
            try:
                if somebody is not None:
                    deed(self, source, somebody)
            except ValueError:
                self.refused += 1

    def account(self, source: str) -> Any:
        return self.world.account(source)

    def _somebody(self, source: str) -> str | None:
        """Who is no stand-in (M14), and there."""
        account, standins = self.world.account(source), self.world.standins()
        there = [
            one
            for one in account.ids()
            if f"{source}:{one}" not in standins and account.read(one)["status"] == "active"
        ]
        return self.rng.choice(there) if there else None


def phone(hands: Hands, source: str, one: str) -> None:
    new = hands.world.population.phone("CA")
    hands.account(source).edit(one, {"phone": new, "phone_raw": hands.world.spell_phone(new)})


def email(hands: Hands, source: str, one: str) -> None:
    new = hands.world.population.email("Somebody", "Else")
    hands.account(source).edit(one, {"email": new})


def name(hands: Hands, source: str, one: str) -> None:
    hands.account(source).edit(one, {"last_name": hands.world.population.rare_surname()})


def move(hands: Hands, source: str, one: str) -> None:
    new = hands.world.population.address("CA")
    hands.account(source).edit(one, {part: getattr(new, part) for part in ADDRESS})


def choose(hands: Hands, source: str, one: str) -> None:
    """A customer's own choice: in is theirs to say, never ours, and there is an email to say it of."""
    if hands.account(source).read(one).get("email"):
        hands.account(source).edit(one, {"email_consent": hands.rng.choice(("in", "out", "out"))})


def forget(hands: Hands, source: str, one: str) -> None:
    hands.account(source).edit(one, {hands.rng.choice(("phone", "email")): None})


def archive(hands: Hands, source: str, one: str) -> None:
    hands.account(source).archive(one)


def delete(hands: Hands, source: str, one: str) -> None:
    hands.account(source).delete(one)


def merge(hands: Hands, source: str, one: str) -> None:
    other = hands._somebody(source)
    if hasattr(hands.account(source), "merge") and other not in (None, one):
        hands.account(source).merge(one, other)


def join(hands: Hands, source: str, one: str) -> None:
    """Somebody new, who has bought or not."""
    made = hands.world.population.person("CA", born=True).fields()
    hands.account(source).add(made | {"has_purchased": hands.rng.random() < 0.5})


def join_again(hands: Hands, source: str, one: str) -> None:
    """The same person, entered a second time by somebody in a hurry."""
    held = hands.account(source).read(one)
    again = {part: held[part] for part in ("first_name", "last_name", "phone", "email") if held.get(part)}
    hands.account(source).add({**again, "email_consent": "unknown", "sms_consent": "unknown"})


DEEDS: dict[Deed, int] = {
    phone: 5, email: 5, name: 3, move: 3, choose: 4, forget: 2, archive: 2, delete: 1, merge: 1, join: 3, join_again: 2,
}  # fmt: skip
"""Every deed, and how often it happens beside the others."""
