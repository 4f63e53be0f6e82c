"""Invented people: names, birth dates, phones, emails and addresses, the same for the same seed.

Phones: `+1 NPA 555 01XX` first, the block kept free for fiction, over many real area codes; beyond its hundred numbers
per area code the rest of exchange 555, which is no exchange of customers anywhere (without 1212, directory assistance,
and without lines of one repeated digit, which read as placeholders, G5). Every one is a possible North American number.
Emails: unique, at example.com, .org, .net and below. Streets are invented; cities, regions and the shape of postal
codes are real.
"""

import random
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from difflib import SequenceMatcher
from typing import Any

from connectors.sandbox import people_words as words


@dataclass(frozen=True, slots=True)
class Address:
    """A complete address (M8); `street_2` alone may be empty."""

    street: str
    street_2: str | None
    city: str
    region: str
    postal_code: str
    country: str


NO_ADDRESS: dict[str, None] = dict.fromkeys(Address.__slots__)


@dataclass(frozen=True, slots=True)
class Person:
    """One invented person. `created_at`: customer since, None for somebody new. `rare`: the name is nobody else's."""

    number: int
    first_name: str
    last_name: str
    nickname: str | None
    birth_date: str | None
    phone: str | None
    email: str | None
    address: Address | None
    email_consent: str
    sms_consent: str
    created_at: str | None
    rare: bool

    def fields(self) -> dict[str, Any]:
        """The canonical fields of `sandbox.base.PERSON_FIELDS` that a person has."""
        address = {name: getattr(self.address, name) for name in NO_ADDRESS} if self.address else NO_ADDRESS
        return {
            "first_name": self.first_name,
            "last_name": self.last_name,
            "birth_date": self.birth_date,
            "phone": self.phone,
            "email": self.email,
            **address,
            "email_consent": self.email_consent,
            "sms_consent": self.sms_consent,
            "created_at": self.created_at,
        }


class Population:
    """Makes people, one after the other, from one seed; contacts are never given twice.

    Surname, email and phone of a rare person are kept in `sentinels`, in several spellings.
    """

    def __init__(self, seed: int, now: Callable[[], float]) -> None:
        self._rng = random.Random(f"people-{seed}")
        self._now = now
        self._made = 0
        self._emails: set[str] = set()
        self._rare = _rare_surnames(self._rng)
        self._phones = {"CA": _phones(self._rng, words.CANADIAN_CODES), "US": _phones(self._rng, words.AMERICAN_CODES)}
        self.sentinels: list[str] = []

    def person(
        self,
        country: str,
        *,
        rare: bool = False,
        born: bool = False,
        first_name: str | None = None,
        last_name: str | None = None,
    ) -> Person:
        """Somebody new with a complete address; about one in eight has no birth date, none with `born`."""
        first = first_name or self._first_name()
        last = last_name or (self.rare_surname() if rare else self._last_name())
        self._made += 1
        return Person(
            number=self._made,
            first_name=first,
            last_name=last,
            nickname=words.NICKNAMES.get(first),
            birth_date=self.birth_date() if born or self._rng.random() < 0.88 else None,
            phone=self.phone(country, rare=rare),
            email=self.email(first, last, rare=rare),
            address=self.address(country),
            email_consent=self._rng.choices(("in", "unknown", "out"), (45, 40, 15))[0],
            sms_consent=self._rng.choices(("in", "unknown", "out"), (20, 70, 10))[0],
            created_at=self._moment(),
            rare=rare,
        )

    def stranger(self, country: str, unlike: Sequence[str], last_name: str | None = None) -> Person:
        """Somebody rare whose first name is clearly different from each name in `unlike` (G6)."""
        names = [name for name in words.PLAIN_NAMES if all(clearly_different(name, other) for other in unlike)]
        if not names:
            raise ValueError(f"no plain first name is left that differs from {len(unlike)} others: add to PLAIN_NAMES")
        return self.person(country, rare=True, born=True, first_name=self._rng.choice(names), last_name=last_name)

    def rare_surname(self) -> str:
        """A surname that nobody else bears."""
        name = next(self._rare)
        self.sentinels += [name, name.upper(), name.lower()]
        return name

    def phone(self, country: str, *, rare: bool = False) -> str:
        """A number that nobody had before, E.164."""
        number = next(self._phones[country])
        if rare:
            self.sentinels += spellings(number)
        return number

    def email(self, first_name: str, last_name: str, *, rare: bool = False) -> str:
        """An address that nobody had before, lower-case."""
        local = f"{_ascii(first_name)}.{_ascii(last_name)}"
        address = f"{local}@{self._rng.choice(words.DOMAINS)}"
        while address in self._emails:
            address = f"{local}{self._rng.randrange(2, 100_000)}@{self._rng.choice(words.DOMAINS)}"
        self._emails.add(address)
        if rare:
            self.sentinels.append(address)
        return address

    def address(self, country: str) -> Address:
        """An invented street in a real city."""
        rng = self._rng
        city, region, area = rng.choice(words.CANADIAN_CITIES if country == "CA" else words.AMERICAN_CITIES)
        street = f"{rng.randrange(1, 2400)} {rng.choice(words.STREETS)} {rng.choice(words.WAYS)}"
        unit = f"Unit {rng.randrange(1, 60)}" if rng.random() < 0.2 else None
        return Address(street, unit, city, region, _postal_code(rng, country, area), country)

    def birth_date(self) -> str:
        """An adult's birth date, `YYYY-MM-DD`."""
        return (date(1938, 1, 1) + timedelta(days=self._rng.randrange(24_000))).isoformat()

    def _first_name(self) -> str:
        if self._rng.random() < 0.03:
            return self._rng.choice(words.DOUBLE_FIRST_NAMES)
        return _by_rank(self._rng, words.FIRST_NAMES)

    def _last_name(self) -> str:
        chance = self._rng.random()
        if chance < 0.03:
            return self._rng.choice(words.PARTICLE_NAMES)
        name = _by_rank(self._rng, words.LAST_NAMES)
        return f"{name}-{_by_rank(self._rng, words.LAST_NAMES[20:])}" if chance > 0.97 and "-" not in name else name

    def _moment(self) -> str:
        """Some second of the last six years, ISO 8601 UTC."""
        at = self._now() - self._rng.randrange(30 * 86_400, 6 * 365 * 86_400)
        return datetime.fromtimestamp(int(at), UTC).isoformat().replace("+00:00", "Z")


def clearly_different(first: str, second: str) -> bool:
    """Whether two first names cannot pass for one: other initials, few shared letters, no nickname."""
    left, right = sorted((_ascii(first), _ascii(second)))
    if left[:1] == right[:1] or SequenceMatcher(None, left, right).ratio() >= 0.5:
        return False
    return words.NICKNAMES.get(first) != second and words.NICKNAMES.get(second) != first


def spellings(phone: str) -> list[str]:
    """A North American E.164 number as people write it (G3); the E.164 form first."""
    digits = phone.removeprefix("+1")
    area, exchange, line = digits[:3], digits[3:6], digits[6:]
    return [
        phone,
        digits,
        f"({area}){exchange}-{line}",
        f"({area}) {exchange}-{line}",
        f"+1 {area}-{exchange}-{line}",
        f"1.{area}.{exchange}.{line} ",
        f"{area}-{exchange}-{line}",
    ]


def unaccented(text: str) -> str:
    """The text without accents, as old tills keep it."""
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


def _ascii(text: str) -> str:
    return "".join(c for c in unaccented(text).lower() if c.isascii() and c.isalpha())


def _by_rank(rng: random.Random, names: Sequence[str]) -> str:
    """Names fall off in frequency as the reciprocal of their rank, roughly as they do in a census."""
    head = 8  # flattens the top, so that the first name is not everybody's
    return names[int(head * ((len(names) + head) / head) ** rng.random()) - head]


def _phones(rng: random.Random, codes: Sequence[str]) -> Iterator[str]:
    fiction = [f"+1{code}55501{line:02d}" for code in codes for line in range(100)]
    rng.shuffle(fiction)
    yield from fiction
    for line in range(200, 10_000):
        if line != 1212 and len(set(f"{line:04d}")) > 1:
            yield from (f"+1{code}555{line:04d}" for code in codes)


def _rare_surnames(rng: random.Random) -> Iterator[str]:
    names = [head + tail for head in words.RARE_HEADS for tail in words.RARE_TAILS]
    rng.shuffle(names)
    yield from names
    yield from (f"{left}-{right}" for left in names for right in names if left != right)


def _postal_code(rng: random.Random, country: str, area: str) -> str:
    if country != "CA":
        return f"{area}{rng.randrange(100):02d}"
    letters = [rng.choice(words.POSTAL_LETTERS) for _ in range(2)]
    return f"{area}{letters[0]} {rng.randrange(10)}{letters[1]}{rng.randrange(10)}"
