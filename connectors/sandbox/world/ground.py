"""What the halves of a simulated group stand on: one population, one ledger, one source of chance, and the clerks' hands."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from connectors.sandbox.base import Account, Ledger, Now
from connectors.sandbox.people import NO_ADDRESS, Person, Population, spellings, unaccented

LICENCE_SENTINEL = "LICENCE-OF-NOBODY"
"""Woven by every vendor that has such fields into licence, medical, tax and other fields that reach no disk (G11)."""

LACKS: tuple[dict[str, Any], ...] = (
    {}, NO_ADDRESS, {}, {"email": None}, {}, {**NO_ADDRESS, "phone": None}, {}, NO_ADDRESS, {**NO_ADDRESS, "email": None},
)  # fmt: skip
"""What who comes to a till alone did not give, one after the other."""


@dataclass(slots=True)
class Resident:
    """One person and where their profiles are: source to profile id. `habits`: how they came to each half."""

    person: Person
    habits: frozenset[str]
    ids: dict[str, str] = field(default_factory=dict)

    def at(self, source: str) -> str:
        """The profile as findings name it: `source:id`."""
        return f"{source}:{self.ids[source]}"

    @property
    def everywhere(self) -> list[str]:
        return [self.at(source) for source in self.ids]


class Ground:
    """A group without accounts yet. Same `seed` and starting time, same people."""

    def __init__(self, seed: int, now: Now) -> None:
        self.seed = seed
        self.now = now
        self.ledger = Ledger()
        self.population = Population(seed, now)
        self.accounts: dict[str, Account] = {}
        self.rng = random.Random(f"world-{seed}")
        self.entries: dict[str, dict[str, Any]] = {}

    def open(self, account: Account, **entry: Any) -> None:
        """Take an account into the group; `entry` completes its `sources:` entry (role, store, region ...)."""
        self.accounts[account.name] = account
        self.entries[account.name] = {"writes": True, **entry}

    def spell_phone(self, phone: str) -> str:
        """One of the spellings in which tills hold a number."""
        return self.rng.choice(spellings(phone))

    def as_clerks_type(self, fields: dict[str, Any]) -> dict[str, Any]:
        """Other capitals, stray blanks and lost accents in names, capitals in emails: the same customer (G3, G4)."""
        chance = self.rng.random()
        for name in ("first_name", "last_name"):
            if chance < 0.12:
                fields[name] = fields[name].upper()
            elif chance < 0.16:
                fields[name] = fields[name].lower()
            elif chance < 0.24:
                fields[name] = f" {fields[name]} ".replace(" ", "  ")
            elif chance < 0.60:
                fields[name] = unaccented(fields[name])
        if fields["email"] and self.rng.random() < 0.1:
            fields["email"] = fields["email"].title()
        return fields

    def at_the_till(self, person: Person, **other: Any) -> dict[str, Any]:
        """A person's fields as clerks type them, the phone in a spelling of their own."""
        fields = self.as_clerks_type(person.fields() | other)
        if fields["phone"] and "phone_raw" not in other:
            fields["phone_raw"] = self.spell_phone(fields["phone"])
        return fields

    def no_address(self, chance: float) -> dict[str, Any]:
        """What somebody who gave no address lacks, with that chance."""
        return dict(NO_ADDRESS) if self.rng.random() < chance else {}


class Half:
    """One shop with its tills, as a part of the group. A subclass opens the accounts and houses residents in them.

    `shares`: how its people are spread over habits.
    """

    name: ClassVar[str]
    shares: ClassVar[Mapping[str, float]]
    country: ClassVar[str] = "CA"
    born: ClassVar[bool] = False
    """Whether all its people have a birth date."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground

    def house(self, habit: str, resident: Resident) -> None:
        """Enter a resident of one of `shares` into the accounts."""
        raise LookupError(f"{self.name} has no habit {habit!r}, only {', '.join(self.shares)}")

    def standins(self) -> Iterator[str]:
        """Profiles that stand for nobody, as `source:id` (M14)."""
        yield from ()


def known(fields: Mapping[str, Any], channel: str, contact: str = "email") -> Any:
    """Consent of a channel, unknown where there is no contact to use it on."""
    return fields[f"{channel}_consent"] if fields[contact] else "unknown"


def without(fields: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name not in names}


def quota(rng: random.Random, total: int, shares: Mapping[str, float]) -> list[str]:
    """`total` words in the given shares, shuffled; rounding falls to the first."""
    words = [word for word, share in list(shares.items())[1:] for _ in range(round(total * share))]
    words += [next(iter(shares))] * (total - len(words))
    rng.shuffle(words)
    return words
