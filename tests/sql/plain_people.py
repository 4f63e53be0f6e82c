"""One profile as it compares, and how two of them compare by name and birth date, in plain Python."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from nicknames import NickNamer

from tests.sql.given import parsed

_SAYS_NOTHING = {"?", "N/A", "-", ".", "UNKNOWN", "(UNKNOWN)"}
_NOBODY = {
    "na", "none", "null", "nil", "no", "noname", "guest", "customer", "test", "mr", "mrs", "mr mrs", "ms", "miss", "mx", "dr", "x", "xx", "xxx",
}  # fmt: skip
_LETTERS = {"ß": "ss", "æ": "ae", "œ": "oe", "þ": "th", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "ı": "i"}
_GROUPS = [{name, *short} for name, short in NickNamer().nickname_lookup.items()]
_KNOWN = {name for group in _GROUPS if len(group) > 1 for name in group}


@dataclass
class One:
    """A profile as it compares."""

    who: str
    status: str
    first: str | None
    last: str | None
    born: date | None
    keys: set[tuple[str, str]]
    created: datetime | None
    links: dict[str, str] = field(default_factory=dict)

    @property
    def source(self) -> str:
        return self.who.split(":", 1)[0]


def as_it_compares(who: str, p: Mapping[str, Any], region: str, today: date) -> One:
    keys = set()
    if p.get("status", "active") in {"active", "archived"}:
        keys = {
            ("phone", e164) for name in ("phone", "phone_2") if p.get(name) and (e164 := parsed(p[name], region)[0])
        }
        keys |= {
            ("email", p[name].strip().lower())
            for name in ("email", "email_2")
            if p.get(name) and p[name].count("@") == 1
        }
    return One(
        who, p.get("status", "active"), _somebody(fold(p.get("first_name"))), fold(p.get("last_name")), _born(p.get("birth_date"), today), keys,
        p.get("created_at"), dict(p.get("links", {})),
    )  # fmt: skip


def fold(name: str | None) -> str | None:
    """A name for comparison."""
    if name is None or name.strip().upper() in _SAYS_NOTHING:
        return None
    text = "".join(_LETTERS.get(letter, letter) for letter in unicodedata.normalize("NFC", name).lower())
    text = "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c) and c not in "'’‘`´.")
    return " ".join("".join(c if c.isalnum() else " " for c in text).split()) or None


def _somebody(first: str | None) -> str | None:
    """A first name, unless it is what somebody typed because a form insisted."""
    return None if first is None or first in _NOBODY or re.fullmatch(r"[0-9 ]+", first) else first


def _born(text: str | None, today: date) -> date | None:
    for pattern, order in (
        (r"(\d{4})-(\d+)-(\d+)", "ymd"),
        (r"(\d{4})(\d\d)(\d\d)", "ymd"),
        (r"(\d+)/(\d+)/(\d{4})", "mdy"),
    ):
        if found := re.fullmatch(pattern, text or ""):
            parts = dict(zip(order, map(int, found.groups()), strict=True))
            try:
                day = date(parts["y"], parts["m"], parts["d"])
            except ValueError:
                return None
            return day if date(1900, 1, 1) < day <= today else None
    return None


def names_agree(a: One, b: One) -> bool | None:
    """Whether first names agree; None where one is missing."""
    if a.first is None or b.first is None:
        return None
    return level_of(a, b) != "different"


def level_of(a: One, b: One) -> str:
    """How two known first names agree."""
    one, other = a.first or "", b.first or ""
    if one == other:
        return "equal" if len(one) > 1 else "initial"
    if one == b.last and a.last == other:
        return "swapped"
    if any({one.split()[0], other.split()[0]} <= group and one.split()[0] != other.split()[0] for group in _GROUPS):
        return "nickname"
    if 1 in (len(one), len(other)) and one[0] == other[0]:
        return "initial"
    short, long = sorted((one, other), key=len)
    if long.startswith(short + " ") or one.replace(" ", "") == other.replace(" ", ""):
        return "part"
    if one in _KNOWN and other in _KNOWN:
        return "different"
    if one[0] != other[0]:
        return "different"
    typo = (len(short) >= 4 and distance(one, other) <= 1) or (len(short) >= 8 and distance(one, other) <= 2)
    return "typo" if typo else "different"


def hardly_one(a: One, b: One, *, part: bool = False, short: bool = False) -> bool:
    """Whether names agree by little: an initial or a typo; `part` and `short` (nicknames) as asked."""
    known = a.first is not None and b.first is not None
    levels = {"initial", "typo", *(["part"] if part else []), *(["nickname"] if short else [])}
    return known and level_of(a, b) in levels


def suffix_of(one: One) -> str:
    """Junior, senior, the second ...: who carries two different ones are two people."""
    found = re.search(r" (jr|junior|sr|senior|ii|iii|iv)( |$)", " ".join(filter(None, (one.first, one.last))))
    return {"junior": "jr", "senior": "sr"}.get(found[1], found[1]) if found else ""


def strangers(one: str | None, other: str | None) -> bool:
    """Two last names that have nothing in common."""
    if one is None or other is None or one == other:
        return False
    return not set(one.split(" ")) & set(other.split(" ")) and distance(one, other) > 1


def torn_names(ones: set[str], others: set[str]) -> bool:
    return len(ones) == len(others) == 1 and ones != others


def canonical_day(day: date) -> tuple[int, int, int]:
    return (day.year, min(day.month, day.day), max(day.month, day.day))


def births_agree(a: One, b: One) -> bool | None:
    """Whether birth dates agree; None where one is missing or day and month are swapped."""
    if a.born is None or b.born is None:
        return None
    if (a.born.year, a.born.month, a.born.day) == (b.born.year, b.born.day, b.born.month) and a.born != b.born:
        return None
    return a.born == b.born


def distance(one: str, other: str) -> int:
    """Edits with neighbours that change places (the full Damerau distance)."""
    last: dict[str, int] = {}
    far = len(one) + len(other)
    rows: list[list[int]] = [[far] * (len(other) + 2), [far, *range(len(other) + 1)]]
    for i, a in enumerate(one, start=1):
        row, seen = [far, i], 0
        rows.append(row)
        for j, b in enumerate(other, start=1):
            at, before = last.get(b, 0), seen
            if a == b:
                seen = j
            row.append(min(
                rows[i][j] + (a != b), row[j] + 1, rows[i][j + 1] + 1, rows[at][before] + (i - at - 1) + 1 + (j - before - 1),
            ))  # fmt: skip
        last[a] = i
    return rows[-1][-1]
