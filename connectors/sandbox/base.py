"""What the simulated vendors have in common: people's fields in, a vendor's own records out, and a ledger of writes.

Written from the vendors' sheets alone; shares no code with the connectors that it is there to test.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

PERSON_FIELDS = (
    "first_name", "last_name", "birth_date", "phone", "email",
    "street", "street_2", "city", "region", "postal_code", "country",
    "email_consent", "sms_consent", "note", "tags", "has_purchased", "created_at",
)  # fmt: skip
"""The canonical words in which the world speaks to every account. Consent: in | out | pending | unknown.

phone: E.164; each vendor keeps it in its own form (a raw spelling is passed as `phone_raw`). tags: `a;b`. Times: ISO 8601 UTC.
"""


@dataclass(frozen=True, slots=True)
class Effect:
    """One write that a vendor received and what became of it."""

    account: str
    at: float
    method: str
    path: str
    profile_id: str
    change: Mapping[str, Any]
    before: Mapping[str, Any]
    status: int


@dataclass(slots=True)
class Ledger:
    """Every write that any account received over the wire, in order."""

    effects: list[Effect] = field(default_factory=list)


class Account(Protocol):
    """One simulated vendor account: the store behind the HTTP surface, and the hands of clerks and shoppers.

    Nothing done through these methods is in the ledger; only HTTP writes are.
    """

    name: str
    url: str

    @property
    def admin_url(self) -> str:
        """The account's back office, for a person with a browser; it must be up."""

    def start(self) -> str:
        """Serve on loopback from threads of its own; returns the base URL that a connector is given."""

    def stop(self) -> None:
        """Stop serving; records stay."""

    def add(self, fields: Mapping[str, Any]) -> str:
        """A new profile as the vendor's own screens would make it, duplicates included; returns its id."""

    def edit(self, profile_id: str, fields: Mapping[str, Any]) -> None:
        """A clerk or shopper edits canonical fields; the vendor's own time stamps move."""

    def archive(self, profile_id: str) -> None:
        """Archive, deactivate or switch off, as the vendor has it."""

    def delete(self, profile_id: str) -> None:
        """Gone for good, where the vendor can; the id then reads as unknown."""

    def read(self, profile_id: str) -> dict[str, Any]:
        """The canonical fields as they stand, plus `status`; raises KeyError."""

    def ids(self) -> Iterator[str]:
        """Every profile id, archived ones included."""

    def settings(self) -> dict[str, Any]:
        """The `sources:` entry (without role, store and writes) under which a connector can speak to this account."""

    def secrets(self) -> dict[str, str]:
        """Environment variables that `settings` names, with their values."""


Now = Callable[[], float]


def variable(account: str, what: str) -> str:
    """The environment variable that holds a secret of an account."""
    return f"SANDBOX_{''.join(c if c.isalnum() else '_' for c in account).upper()}_{what}"
