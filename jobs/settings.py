"""The configuration: typed, closed, and free of secrets (interfaces, config.yaml)."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationError, field_validator, model_validator

from connectors.base import SourceSettings
from connectors.file_source import settings_class
from jobs.config_file import read
from jobs.config_words import explain, nearest
from jobs.errors import ConfigError
from jobs.limits import Closed, Limits, Retention, Schedule, Window
from jobs.policy import ACTIONS, DRIFT_FIELDS, PRESETS, Mode, Preset, Wins, quotable
from jobs.policy import table as policy_table

__all__ = [
    "KeyPlace",
    "Limits",
    "Match",
    "Pairing",
    "Placeholders",
    "Retention",
    "Schedule",
    "Settings",
    "load",
    "parse",
    "read",
]

KeyKind = Literal["email", "phone", "external_id"]
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")


class KeyPlace(Closed):
    """Where the workspace's key is kept; a missing file is made once, with mode 0600."""

    env: str | None = None
    file: Path | None = None

    @model_validator(mode="after")
    def _one_place(self) -> "KeyPlace":
        if (self.env is None) == (self.file is None):
            raise ValueError("the key has one place: {env: NAME} or {file: PATH}")
        return self


class Spill(Closed):
    """Where a night puts what does not fit into its memory. DuckDB writes it in clear text, so the folder itself must be sealed.

    A folder for this group alone: what an earlier night left there is removed.
    """

    folder: Path
    encrypted: Literal[True]
    """The operator's word that the folder is on an encrypted volume, or in memory."""


class Placeholders(Closed):
    """Values that never match anybody (G5)."""

    shared_by: int = Field(default=10, ge=2)
    listed: tuple[str, ...] = Field(default=(), alias="list")


class Match(Closed):
    """Matching over all sources, paired or not."""

    keys: tuple[KeyKind, ...] = ("email", "phone")
    silence: Literal["link", "candidate"] = "candidate"
    placeholders: Placeholders = Placeholders()


class Pairing(Closed):
    """One shop and the POS sources that are to agree with it. What is left out comes from the preset."""

    preset: Literal["mortar", "blaze_ecom", "lightspeed_x_e", "plain"] = "plain"
    name: str | None = None
    ecom: str
    pos: tuple[str, ...] = Field(min_length=1)
    keys: tuple[KeyKind, ...] | None = None
    silence: Literal["link", "candidate"] | None = None
    vendor_sync: bool | None = None
    contact_way: Literal["mission_control", "pos", "task"] = "task"
    no_base: Literal["ask", "owner", "newest_stamp"] = "ask"
    owner: Literal["ecom", "pos"] = "ecom"
    names: Literal["suggest", "newest", "ignore"] | None = None
    fields: Mapping[str, Wins] = {}
    apply: Mapping[str, Mode] = {}
    tags: tuple[str, ...] | None = None
    groups: Mapping[str, str] = Field(default={}, description="the shop's title of a group: its name at the POS (X2)")
    observe_nights: int = Field(default=7, ge=0)

    @field_validator("fields")
    @classmethod
    def _known_fields(cls, value: Mapping[str, Wins]) -> Mapping[str, Wins]:
        return _known("field", value, DRIFT_FIELDS)

    @field_validator("groups")
    @classmethod
    def _one_to_one(cls, value: Mapping[str, str]) -> Mapping[str, str]:
        if len(set(value.values())) != len(value):
            raise ValueError("two groups of the shop cannot be one at the POS: the way back would be a guess")
        return value

    @field_validator("apply")
    @classmethod
    def _known_actions(cls, value: Mapping[str, Mode]) -> Mapping[str, Mode]:
        return _known("action", value, ACTIONS)

    @property
    def id(self) -> str:
        """The pairing's name, or `shop-preset` of its own."""
        return self.name or f"{self.ecom}-{self.preset}"

    @property
    def observed_as(self) -> str:
        """Whose certified nights are counted: with another source or other match keys, it begins to observe anew (G14)."""
        return "|".join([self.id, self.ecom, *sorted(self.pos), f"by {','.join(self.match_keys)}"])

    @property
    def base(self) -> Preset:
        return PRESETS[self.preset]

    def wins(self, field: str) -> Wins:
        """Who may win drift of `field`."""
        if field in self.fields:
            return self.fields[field]
        if self.names is not None and field in {"first_name", "last_name"}:
            return self.names
        return self.base.fields[field]

    def mode(self, action: str) -> Mode:
        """Whether an action is off, reviewed or unattended. Creating and merging are never unattended (G14)."""
        mode = self.apply.get(action, self.base.apply[action])
        return "review" if action in {"create", "merge"} and mode == "auto" else mode

    @property
    def match_keys(self) -> tuple[str, ...]:
        return self.keys or self.base.keys

    @property
    def synced_by_vendor(self) -> bool:
        return self.base.vendor_sync if self.vendor_sync is None else self.vendor_sync

    @property
    def marker_tags(self) -> tuple[str, ...]:
        return self.base.marker_tags if self.tags is None else self.tags


class Settings(Closed):
    """A whole configuration, and where it was read from."""

    group: str = Field(min_length=1)
    time_zone: str = "UTC"
    workspace: Path = Path("data")
    state: str = "sqlite:///data/state.db"
    key: KeyPlace = KeyPlace(file=Path("data/rollcall.key"))
    sources: Mapping[str, SourceSettings] = Field(min_length=1)
    match: Match = Match()
    pairings: tuple[Pairing, ...] = ()
    limits: Limits = Limits()
    schedule: Schedule = Schedule()
    retention: Retention = Retention()
    write_window: Window | None = None
    memory_limit: str | None = Field(default=None, pattern=r"^[0-9]+(\.[0-9]+)? ?[KMGT]i?B$")
    """What DuckDB may take, such as 4GB; four fifths of the machine's memory by default."""
    threads: int | None = Field(default=None, ge=1, le=256)
    """How many threads DuckDB may use; one per core by default. The result does not depend on it (G7)."""
    spill: Spill | None = None
    folder: Path = Field(default=Path(), exclude=True)
    file: Path = Field(default=Path("config.yaml"), exclude=True)

    @field_validator("time_zone")
    @classmethod
    def _zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"{value!r} is no time zone of the tz database, such as America/Los_Angeles") from error
        return value

    @model_validator(mode="after")
    def _pairings_fit(self) -> "Settings":
        for pairing in self.pairings:
            for role, name in (("ecom", pairing.ecom), *(("pos", pos) for pos in pairing.pos)):
                if name not in self.sources:
                    raise ValueError(f"pairing {pairing.id}: no source {name!r}{nearest(name, self.sources)}")
                if self.sources[name].role != role:
                    raise ValueError(
                        f"pairing {pairing.id}: source {name!r} has role {self.sources[name].role}, not {role}"
                    )
        read: dict[Path, str] = {}
        for name, source in self.sources.items():
            if source.path is not None and read.setdefault(source.path, name) != name:
                raise ValueError(f"sources {read[source.path]!r} and {name!r} read the same file {source.path}")
        ids = [pairing.id for pairing in self.pairings]
        if len(ids) != len(set(ids)):
            raise ValueError("two pairings have the same name: give each a `name:` of its own")
        return self

    def policy(self) -> list[list[str]]:
        """The policy in force, as `rollcall check --show-policy` prints it."""
        return policy_table({p.id: dict(_effective(p)) for p in self.pairings})

    def quoted(self, rule_ids: Iterable[str], pairing: str, sources: Collection[str]) -> tuple[str, ...]:
        """The rules to quote for a pairing; where there is none, for the pairings of these sources."""
        among = [p for p in self.pairings if p.id == pairing or (not pairing and {p.ecom, *p.pos} & {*sources})]
        return quotable(rule_ids, {p.preset for p in among})


def load(path: Path) -> Settings:
    """Read a configuration file. Raises ConfigError that names the key, the nearest known one, and the file."""
    return parse(read(path), path)


def parse(raw: dict[str, Any], path: Path) -> Settings:
    """Validate a configuration already read; relative places are below the file's folder."""
    folder = path.resolve().parent
    given = raw.get("sources") or {}
    if not isinstance(given, dict):
        raise ConfigError(f"{path}: sources: a name and its settings per source, such as `till: {{kind: table, …}}`")
    sources = {str(k): _source(str(k), v, path) for k, v in given.items()}
    try:
        settings = Settings.model_validate({**raw, "sources": sources, "folder": folder, "file": path})
    except ValidationError as error:
        raise ConfigError(explain(error, Settings, path)) from error
    return _placed(settings, folder)


def _source(name: str, raw: object, path: Path) -> SourceSettings:
    if not _NAME.fullmatch(name):
        raise ConfigError(f"{path}: source {name!r}: a name is lower-case letters, digits, - and _")
    if not isinstance(raw, dict) or "kind" not in raw:
        raise ConfigError(f"{path}: source {name!r} needs a `kind:`")
    try:
        model, raw = settings_class(str(raw["kind"]), raw)
    except LookupError as error:
        raise ConfigError(f"{path}: source {name!r}: {error}") from error
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        more = f"`rollcall check --show-keys {raw['kind']}` prints every key that such a source takes; more in docs/connectors.md"
        raise ConfigError("\n".join([explain(error, model, path, f"sources.{name}."), more])) from error


def _placed(settings: Settings, folder: Path) -> Settings:
    workspace = folder / settings.workspace
    key = settings.key.model_copy(update={"file": folder / settings.key.file}) if settings.key.file else settings.key
    state = settings.state
    if match := re.fullmatch(r"sqlite:///(?!/)(.+)", state):
        state = f"sqlite:///{folder / match[1]}"
    sources = {name: _source_placed(source, folder) for name, source in settings.sources.items()}
    placed = {"workspace": workspace, "key": key, "state": state, "sources": sources}
    if settings.spill:
        placed["spill"] = settings.spill.model_copy(update={"folder": folder / settings.spill.folder})
    return settings.model_copy(update=placed)


def _source_placed(source: SourceSettings, folder: Path) -> SourceSettings:
    """Files that a source names beside the configuration are found from wherever the command is typed."""
    placed: dict[str, Any] = {"path": folder / source.path} if source.path else {}
    if (tokens := getattr(source, "tokens", None)) is not None:
        placed["tokens"] = tokens.model_copy(update={"file": folder / tokens.file.expanduser()})
    return source.model_copy(update=placed)


def _effective(pairing: Pairing) -> Iterator[tuple[str, str]]:
    yield "sources", f"{pairing.ecom} with {', '.join(pairing.pos)}"
    yield "preset", f"{pairing.preset} ({pairing.base.rules})"
    yield "match keys", ", ".join(pairing.match_keys)
    yield "links are", "the vendor's own" if pairing.synced_by_vendor else "kept by rollcall"
    yield "contact changes", pairing.contact_way
    yield "drift without a base", pairing.no_base
    yield "nights that only observe", str(pairing.observe_nights)
    for field in DRIFT_FIELDS:
        yield f"drift of {field}", pairing.wins(field)
    for action in ACTIONS:
        yield f"apply {action}", pairing.mode(action)


def _known(what: str, value: Mapping[str, Any], names: tuple[str, ...]) -> Mapping[str, Any]:
    for name in value:
        if name not in names:
            raise ValueError(f"no {what} {name!r}{nearest(name, names)}; choose of {', '.join(names)}")
    return value
