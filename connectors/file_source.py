"""`driver: files`: a source of any kind that is its vendor's own export file, handed corrections back as an import file."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Literal, get_args

import pyarrow as pa
from pydantic import Field, field_validator

from connectors._file_formats import FORMATS, PLAIN, DateOrder, Format
from connectors._guard import refuse_unoffered
from connectors.base import (
    Action,
    AdminPageSettings,
    Capabilities,
    Change,
    CheckLine,
    Connector,
    Evidence,
    Page,
    ProofName,
    Record,
    SourceSettings,
    VendorError,
)
from connectors.clock import Clock
from connectors.files import CONSENTS, FILE_FIELDS, FILE_PROOFS, STATUSES, FileReader, file_capabilities, view_of
from connectors.kinds import connector_class

SPEAKING = frozenset(
    {
        "do_not_email_false", "sms", "sms_false", "no_contact_means", "opt_out_means", "email_opt_in_false", "no_group",
        "walk_in_codes", "phone1", "birth_date", "marketing_email", "tags", "tag_separator", "time_zone",
    }
)  # fmt: skip
"""Keys of APIs that say what a value means or where it stands: of a file `words:` and `columns:` say it."""

ConsentOrStatus = Literal["email_consent", "sms_consent", "status"]


class FileSettings(AdminPageSettings):
    """A source that is a file."""

    driver: Literal["files"] = "files"
    date_order: DateOrder | None = Field(
        default=None, description="how dates are written in the file, where they are written as 2/28/1990"
    )
    words: Mapping[ConsentOrStatus, Mapping[str, str]] = Field(
        default_factory=dict,
        description="what the file's words mean: {email_consent: {subscribed: in}, status: {closed: archived}}",
    )

    @field_validator("words", mode="before")
    @classmethod
    def _cells_are_text(cls, value: Any) -> Any:
        """YAML reads `true` and `1` as what they are; a file holds text."""
        if not isinstance(value, dict):
            return value
        return {
            name: {_cell(cell): meaning for cell, meaning in words.items()} if isinstance(words, dict) else words
            for name, words in value.items()
        }

    @field_validator("words")
    @classmethod
    def _known_meanings(
        cls, value: Mapping[ConsentOrStatus, Mapping[str, str]]
    ) -> Mapping[ConsentOrStatus, Mapping[str, str]]:
        for name, words in value.items():
            allowed = STATUSES if name == "status" else CONSENTS
            for cell, meaning in words.items():
                if meaning not in allowed:
                    raise ValueError(f"{name}: {cell} cannot mean {meaning}; choose of {', '.join(allowed)}")
        return value


class FileConnector(Connector):
    """One export file of any kind; the format of the vendor is looked up by the kind."""

    FIELDS: ClassVar[pa.Schema] = FILE_FIELDS
    REQUIRED_PROOFS: ClassVar[frozenset[ProofName]] = FILE_PROOFS
    Settings: ClassVar[type[SourceSettings]] = FileSettings

    def __init__(self, name: str, settings: Any, clock: Clock) -> None:
        super().__init__(name, settings, clock)
        # whose file it is says the configuration, not the class
        self.__dict__["kind"] = settings.kind

    @property
    def form(self) -> Format:
        return FORMATS.get(self.settings.kind, PLAIN)

    @cached_property
    def reader(self) -> FileReader:
        """The file itself."""
        return FileReader(self.name, self.settings, self.form)

    @property
    def shape(self) -> str:
        return "table"

    @property
    def unknown_columns(self) -> list[str]:
        return self.reader.unknown_columns

    @property
    def unknown_seen(self) -> Mapping[str, int]:
        return self.reader.unknown_seen

    @property
    def file_digest(self) -> str | None:
        return self.reader.digest or None

    @property
    def import_steps(self) -> tuple[str, ...]:
        secret = ", ".join(sorted(self.reader.secret_columns.values()))
        note = f"The import file is without {secret} (G11): where the import asks for it, go through the work list by hand."
        return (*([note] if secret else []), *self.form.steps)

    @property
    def capabilities(self) -> Capabilities:
        """With writes on, what an import file can carry. Nobody is created, archived or restored by one."""
        can = file_capabilities(self.reader, self.form)
        if not self.settings.writes:
            return can
        try:
            columns = self.reader.writable
        except VendorError:
            return can
        return replace(can, actions=_actions(columns, can.consent), fields=_plain(columns), hands_over=True)

    def check(self) -> list[CheckLine]:
        return [*self.reader.check(), *([self._check_write_back()] if self.settings.writes else [])]

    def pages(self, evidence: Evidence, cursor: str | None = None) -> Iterator[Page]:
        yield from self.reader.pages(evidence)

    def fetch(self, ids: Sequence[str]) -> dict[str, Record | None]:
        return self.reader.fetch(ids)

    def find(self, field_name: Literal["phone", "email", "key"], value: str) -> list[Record]:
        return self.reader.find(field_name, value)

    def view(self, record: Record) -> dict[str, str | None]:
        return view_of(record)

    def write(self, change: Change) -> str:
        raise VendorError(
            f"{self.name}: a file cannot be written to: {change.action} is for a person at the source", permanent=True
        )

    @property
    def by_hand(self) -> frozenset[str]:
        return self.form.by_hand

    def look_over(self, changes: Sequence[Change], digest: str) -> Mapping[str, str]:
        if self.reader.file_now() != digest:
            raise VendorError(
                f"{self.name}: the file {self.settings.path} is another one than the run judged: run again, and decide "
                "on that plan",
                permanent=True,
            )
        found = {change.key: self._refusal(change) for change in changes}
        return {key: why for key, why in found.items() if why}

    def hand_over(self, changes: Sequence[Change], to: Path) -> None:
        kept = [replace(c, after={n: v for n, v in c.after.items() if n not in self.by_hand}) for c in changes]
        self.reader.import_file([change for change in kept if change.after], to)

    def _refusal(self, change: Change) -> str:
        try:
            refuse_unoffered(self.name, self.capabilities, change)
            self.reader.spell(change.after)
        except VendorError as error:
            return str(error)
        return ""

    def _check_write_back(self) -> CheckLine:
        try:
            columns = self.reader.writable
        except VendorError as error:
            return CheckLine("write-back", ok=False, detail=f"refused, nothing could be handed over: {error}")
        if not columns:
            return CheckLine("write-back", ok=False, detail="no column of this file can be changed: turn writes off")
        detail = f"as an import file and a work list, of {', '.join(sorted(columns))}; verified by the next export"
        return CheckLine("write-back", ok=True, detail=detail)


def connect(name: str, settings: SourceSettings, clock: Clock) -> Connector:
    """The connector of a source: the vendor's own, or its file."""
    if settings.driver == "files":
        return FileConnector(name, settings, clock)
    return connector_class(settings.kind)(name, settings, clock)


def settings_class(kind: str, given: Mapping[str, Any]) -> tuple[type[SourceSettings], dict[str, Any]]:
    """Which settings a source of this kind takes, and those of `given` that its driver reads, with the kind's defaults.

    A source that is fed by a file may keep the keys that open its API; those that give a meaning to what is read are
    unknown there, so that nobody believes them to hold. Raises LookupError for a kind that is not there.
    """
    model = connector_class(kind).Settings
    if given.get("driver", model.model_fields["driver"].default) != "files":
        return model, dict(given)
    idle = model.model_fields.keys() - FileSettings.model_fields.keys() - SPEAKING
    shared = SourceSettings.model_fields.keys() - {"kind", "driver", "role"}
    defaults = {name: model.model_fields[name].get_default(call_default_factory=True) for name in shared}
    return FileSettings, {**defaults, **{key: value for key, value in given.items() if key not in idle}}


def _actions(columns: frozenset[str], channels: frozenset[str]) -> frozenset[Action]:
    wanted: dict[Action, bool] = {
        "update": bool(_plain(columns)),
        "add_note": "note" in columns,
        "add_tag": "tags" in columns,
        "set_group": "group" in columns,
        "opt_out": bool(channels) and all(f"{channel}_consent" in columns for channel in channels),
    }
    return frozenset(action for action in get_args(Action) if wanted.get(action))


def _plain(columns: frozenset[str]) -> frozenset[str]:
    return frozenset(name for name in columns if not name.endswith("_consent"))


def _cell(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value).strip().lower()
