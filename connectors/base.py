"""What every connector offers, and nothing of how a vendor does it.

A connector lands raw records; `sql/shape/<kind>.sql` turns them into profiles. Only single profiles that are about to be
written are looked at from Python, through `view`.
"""

import os
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal
from urllib.parse import quote

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from connectors._erasing import is_nobody
from connectors.clock import Clock
from connectors.refusal import VendorError as VendorError  # noqa: PLC0414 - of the contract
from connectors.refusal import understood, understood_list

Record = Mapping[str, Any]

ProofName = Literal[
    "end_mark", "count_before", "count_after", "pages_contiguous", "no_repeats", "same_contract",
    "shrink", "canaries", "probe", "operator_count", "fresh",
]  # fmt: skip
WHOLE_LIST: frozenset[ProofName] = frozenset(
    {"end_mark", "count_before", "count_after", "pages_contiguous", "no_repeats", "same_contract", "shrink", "canaries"}
)
"""What the best of lists prove: an end, counts around it, pages without a gap."""
Action = Literal[
    "update", "create", "relink", "add_note", "add_tag", "opt_out", "set_group", "archive", "restore", "merge", "erase",
]  # fmt: skip

Erasure = Literal["gone", "asked", "there"]
"""What a vendor shows of somebody who is to be erased: nobody, that it was asked for it, or who it was."""

VIEW_FIELDS = (
    "status", "first_name", "last_name", "birth_date", "phone", "email",
    "street", "street_2", "city", "region", "postal_code", "country",
    "email_consent", "sms_consent", "note", "tags", "group",
)  # fmt: skip
"""The canonical fields of a `view`; a link adds `link:<pos source>`. `group` is None where the system keeps none (X2)."""
BALANCES = ("points", "credit")
"""What a `view` shows besides where its system lists it: loyalty points, and store credit or an account, as decimal text.

Read and shown, never written (G11): a sale moves them between a write and its reading back.
"""
MERGED_INTO = "merged_into"
"""In `after` of a merge: the id of the profile that stays. A `view` of the one that went may show it."""


class Secret(BaseModel):
    """Where a secret is kept: an environment variable or a file, never the configuration itself."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    env: str | None = None
    file: Path | None = None

    @model_validator(mode="after")
    def _one_place(self) -> "Secret":
        if (self.env is None) == (self.file is None):
            raise ValueError("a secret names one place: {env: NAME} or {file: PATH}")
        return self

    def reveal(self) -> SecretStr:
        """The secret itself. Raises VendorError when its place is empty."""
        if self.env is not None:
            value = os.environ.get(self.env, "").strip()
            place = f"environment variable {self.env}"
        else:
            assert self.file is not None
            value = self.file.read_text(encoding="utf-8").strip() if self.file.is_file() else ""
            place = f"file {self.file}"
        if not value:
            raise VendorError(f"the {place} holds no secret: set it and start again", permanent=True)
        return SecretStr(value)


class SourceSettings(BaseModel):
    """One entry under `sources:`; each vendor adds its own keys in a subclass called `Settings`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: str
    role: Literal["pos", "ecom"]
    driver: Literal["api", "files"] = "api"
    region: str = Field(default="US", pattern="^[A-Z]{2}$", description="default region of phone numbers (G3)")
    store: str | None = Field(default=None, description="the store's name in reports")
    writes: bool = Field(default=False, description="whether corrections may be written to this source")
    canaries: tuple[str, ...] = Field(default=(), description="profile ids that every complete export must hold (G1)")
    default_customer: str | None = Field(default=None, description="stand-in profile, left out of matching (M14)")
    ignore: tuple[str, ...] = Field(default=(), description="walk-in and other non-customer profile ids (M14)")
    logins: Literal["none", "treez_ecommerce"] = Field(default="none", description="who signs customers in (P0)")
    link_keys: Mapping[str, str] = Field(
        default_factory=dict,
        description="how this source names a POS source in the links that it stores: {name: source}",
    )
    rate_share: float = Field(default=0.5, gt=0, le=1, description="share of the vendor's rate limit to use")
    path: Path | None = Field(default=None, description="the export file, with driver: files")
    exported_at: str | None = Field(default=None, description="when the file was exported, ISO 8601 (G1)")
    expected: int | None = Field(
        default=None, ge=0, description="how many profiles the operator expects in the file (G1)"
    )
    columns: Mapping[str, str] = Field(default_factory=dict, description="canonical column: the file's own heading")


class AdminPageSettings(SourceSettings):
    """A source of which nothing but the configuration can say where a customer's page is."""

    admin_page: str | None = Field(
        default=None, pattern=r"^https://.*\{id\}", description="a customer's page in the system, {id} for the id"
    )


@dataclass(frozen=True, slots=True)
class Page:
    """One page of an export: raw records, or a ready Arrow table where a file gives one.

    `cursor`: where an interrupted pull may go on after this page; None where the vendor's paging does not allow it.
    """

    records: Sequence[Record] | pa.Table
    cursor: str | None = None


@dataclass(slots=True)
class Evidence:
    """What an export has to say for its own completeness (G1). None: the vendor does not offer it."""

    end_mark: bool | None = None
    count_before: int | None = None
    count_after: int | None = None
    pages_contiguous: bool | None = None
    contract: dict[str, str] = field(default_factory=dict)
    """Account, scopes, filters and what is read: compared with the last certified export."""
    notes: list[str] = field(default_factory=list)
    unproven: list[str] = field(default_factory=list)
    """What this vendor leaves open although every proof passes, as whole sentences for the certificate."""


@dataclass(frozen=True, slots=True)
class CheckLine:
    """One line of `rollcall check`: what was tried, whether it holds, and what to do if not."""

    name: str
    ok: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What one source can do; rows that SQL joins on."""

    actions: frozenset[Action] = frozenset()
    fields: frozenset[str] = frozenset()
    """Canonical fields that can be written."""
    consent: frozenset[str] = frozenset()
    """Channels that the system knows: email, sms (G9b)."""
    silent_outs: frozenset[str] = frozenset()
    """Of those, where a no that was written reads back as unknown: the system has no other word for it (G9)."""
    unique: frozenset[str] = frozenset()
    """Of phone and email, those that no two profiles of the source may share."""
    required: tuple[str, ...] = ()
    """Canonical fields without which a profile cannot be created."""
    balances: frozenset[str] = frozenset()
    """Of `BALANCES`, those that every record of the source tells; a gap there is no zero (G11)."""
    lists_gone: bool = True
    """Whether an export holds archived and merged profiles; where not, they are asked for by id (T2)."""
    resumable: bool = False
    erases_later: bool = False
    """Whether an erasure is only asked for, and carried out by the vendor in its own time (M15)."""
    together: frozenset[Action] = frozenset()
    """Actions of which many go out in one operation of the vendor (`Connector.write_all`)."""
    together_from: int = 0
    """From so many on that pays."""
    together_at_most: int = 0
    hands_over: bool = False
    """Whether corrections go out as a file for people, and are proven by the next export alone."""


@dataclass(frozen=True, slots=True)
class Change:
    """One intended write. `after` holds exactly the canonical fields that change, in the words of `view`; None clears.

    `tags` is the whole list after the change, sorted, joined by `;`. `note` is the whole text after the change.
    `group` is the group's name; None takes the profile out of its group. `set_group` changes `group` alone, `archive` and
    `restore` change `status` alone; `erase` says `status` `erased`, and is read back by `Connector.erasure`. A `merge` folds
    `profile_id` into the profile that `merged_into` names, alone.
    """

    action: Action
    profile_id: str | None
    before: Mapping[str, str | None]
    after: Mapping[str, str | None]
    key: str
    """The correction's id: our own reference where the vendor takes one, so that a create is never doubled."""
    current: Record | None = None
    """The record as read just before the write."""


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What a vendor says a merge would come to, before it is asked for: who would stay, what stands against it in the
    vendor's own words, and what the one who stays would then hold, in canonical words where there are any."""

    survivor: str
    blockers: tuple[str, ...] = ()
    holds: Mapping[str, str | None] = field(default_factory=dict)


Fate = Literal["done", "running", "apart", "elsewhere"]
"""Where a merge stands, by reading alone: through, not through yet, both are there as before, or the one that was to go
is gone some other way."""


_ASKS = dict.fromkeys(("first_page", "fetch", "find", "view", "erasure", "foresee", "fate", "still_writing"), False)
_ASKS |= dict.fromkeys(("write", "write_all"), True)
"""Where a connector looks at what a vendor says, and whether something may be done by then."""


class Connector(ABC):
    """One source, spoken to. Nothing here ever writes but `write`."""

    kind: ClassVar[str]
    FIELDS: ClassVar[pa.Schema]
    """Allow-list, snapshot schema and shape input in one (G11): what is not in it never reaches the disk."""
    ID: ClassVar[str] = "id"
    """The field that holds the profile's id."""
    DROPPED: ClassVar[frozenset[str]] = frozenset()
    """Known fields that are left out on purpose; any other unknown field is schema drift."""
    EXPORT_CONTRACT: ClassVar[int] = 1
    """Raised only when what is read changes."""
    CALL_COST: ClassVar[float] = 1.0
    """What one call costs, in the units of the vendor's limit."""
    REQUIRED_PROOFS: ClassVar[frozenset[ProofName]]
    Settings: ClassVar[type[SourceSettings]] = SourceSettings
    MERGE_STEPS: ClassVar[Sequence[str]] = ()
    """How a person merges two profiles in the system itself, from its documentation; what is kept and what is lost (M10)."""

    def __init_subclass__(cls, **named: Any) -> None:
        """One odd record must not end a whole run: what was not foreseen of an answer is a VendorError as well."""
        super().__init_subclass__(**named)
        for name in _ASKS.keys() & vars(cls).keys():
            setattr(cls, name, understood(vars(cls)[name], writing=_ASKS[name]))
        if "pages" in vars(cls):
            setattr(cls, "pages", understood_list(vars(cls)["pages"]))  # noqa: B010 - of a class, not of ours alone

    def __init__(self, name: str, settings: Any, clock: Clock) -> None:
        self.name = name
        self.settings = settings
        self.clock = clock

    @property
    def shape(self) -> str:
        """Name of the file under `sql/shape/` that reads what this connector lands."""
        return self.kind

    @property
    @abstractmethod
    def capabilities(self) -> Capabilities:
        """What this source can do under its present settings (`writes: off` leaves no action)."""

    @property
    def unknown_columns(self) -> Sequence[str]:
        """Headings of a file that are read into no field; known once `pages` is through."""
        return ()

    @property
    def unknown_seen(self) -> Mapping[str, int]:
        """How many cells of each of these hold something; known once `pages` is through."""
        return {}

    @property
    def file_digest(self) -> str | None:
        """SHA-256 of the file that `pages` read; None where nothing is read from a file."""
        return None

    @property
    def import_steps(self) -> Sequence[str]:
        """How a person brings in what `hand_over` wrote."""
        return ()

    @abstractmethod
    def check(self) -> list[CheckLine]:
        """Reach, credentials, scopes and clock, from the vendor itself; never writes, never raises VendorError."""

    @abstractmethod
    def pages(self, evidence: Evidence, cursor: str | None = None) -> Iterator[Page]:
        """Every profile of the source, page by page; fills `evidence` on the way.

        Raises VendorError; an end without the vendor's end mark leaves `evidence.end_mark` False instead.
        """

    @understood
    def first_page(self) -> Page | None:
        """The beginning of the list, without the cost of all of it; None where nobody is listed. Raises VendorError."""
        return next(self.pages(Evidence()), None)

    @abstractmethod
    def fetch(self, ids: Sequence[str]) -> dict[str, Record | None]:
        """Each profile by its id, in the form of `pages`; None where the vendor says that there is none."""

    @abstractmethod
    def find(self, field_name: Literal["phone", "email", "key"], value: str) -> list[Record]:
        """Profiles by phone (E.164), email or our own reference (`Change.key`); used before a create is tried again."""

    @abstractmethod
    def view(self, record: Record) -> dict[str, str | None]:
        """One raw record in canonical fields, exactly as `sql/shape` would give them; empty reads None."""

    @abstractmethod
    def write(self, change: Change) -> str:
        """Write exactly `change.after`, and return the profile's id (the new one of a create).

        Raises VendorError: effect `none` when refused, `unknown` when it may have happened.
        """

    def alike(self, changes: Sequence[Change]) -> Sequence[Change]:
        """Those of the changes, each with its `current`, that one operation of the vendor can carry (`write_all`)."""
        return ()

    def write_all(self, changes: Sequence[Change]) -> Mapping[str, VendorError | None]:
        """Write changes that are `alike` in one operation, and wait for its end.

        By `Change.key`: None where the vendor says done, else why not; where it says nothing the effect is `unknown`.
        Raises VendorError: effect `none` when nothing was started, so that single writes can take its place.
        """
        raise VendorError(f"{self.name}: corrections are written one by one here", permanent=True)

    def still_writing(self) -> str:
        """What of an earlier `write_all` the vendor still carries out, once it was waited for; empty where nothing.

        Until then nothing that was read is settled. Raises VendorError.
        """
        return ""

    def erasure(self, profile_id: str) -> Erasure:
        """What the source still shows of a profile that is to be erased (G10). Raises VendorError."""
        record = self.fetch([profile_id]).get(profile_id)
        return "gone" if record is None or is_nobody(self.view(record)) else "there"

    def foresee(self, change: Change) -> Foreseen | None:
        """What the vendor says a merge would come to; None where it gives no preview. Raises VendorError."""
        return None

    def fate(self, loser: str, survivor: str) -> Fate:
        """What became of a merge, by reading alone. Raises VendorError when it cannot be read for now."""
        raise VendorError(f"{self.name}: merge is not offered here: see `rollcall check`", permanent=True)

    @property
    def by_hand(self) -> frozenset[str]:
        """The fields of a hand-over that an import file cannot carry: a person types them."""
        return frozenset()

    def look_over(self, changes: Sequence[Change], digest: str) -> Mapping[str, str]:
        """Why single changes cannot be handed over, by `Change.key`; `digest`: of the file that they were judged on.

        Raises VendorError when nothing can be handed over, as when the file is another one by now.
        """
        raise VendorError(f"{self.name}: corrections are written, not handed over", permanent=True)

    def hand_over(self, changes: Sequence[Change], to: Path) -> None:
        """Write changes that were looked over as a file for the vendor's import. Raises VendorError."""
        raise VendorError(f"{self.name}: corrections are written, not handed over", permanent=True)

    def admin_url(self, profile_id: str) -> str | None:
        """The vendor's own page of a profile, https only; None where there is none."""
        page = getattr(self.settings, "admin_page", None)
        return page.replace("{id}", quote(profile_id, safe="")) if page else None
