"""Consent as a lattice, per channel (G9): erased > out > pending > unknown > in. What several profiles of one customer say
joins upwards to the strongest; order and repetition do not matter, and nothing joins upwards to `in`.

`sql/consent/` does the same as set work; a test holds the two equal.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from functools import reduce


class Word(IntEnum):
    """What a profile says of a channel, the stronger the greater. A channel that a system does not know has no word (G9b)."""

    IN = 0
    UNKNOWN = 1
    PENDING = 2
    OUT = 3
    ERASED = 4

    @classmethod
    def of(cls, text: str | None) -> "Word | None":
        """The word of a shape; None where the channel is not known there. What is no word of ours is unknown, never in."""
        if text is None:
            return None
        return cls.__members__.get(text.upper(), cls.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Choice:
    """A word with who said it (`source:id`) and since when: by its own time, or since the night on which it was first seen."""

    word: Word
    said_by: tuple[str, str]
    since: datetime | None = None

    def join(self, other: "Choice") -> "Choice":
        """The stronger; of two alike the one said first."""
        return min(self, other, key=Choice._rank)

    def _rank(self) -> tuple[int, bool, str, tuple[str, str]]:
        return -self.word, self.since is None, self.since.isoformat() if self.since else "", self.said_by


def joined(choices: Iterable[Choice]) -> Choice | None:
    """What holds for the customer; None where nobody says anything."""
    every = list(choices)
    return reduce(Choice.join, every) if every else None


def opened(after: Mapping[str, str | None]) -> tuple[str, ...]:
    """The channels that a write would open. There is no correction that may (G9a)."""
    return tuple(
        sorted(name for name, value in after.items() if name.endswith("_consent") and Word.of(value) is Word.IN)
    )
