"""What is kept of one customer, for the customer: as JSON and as a page (M15). The one document that is not masked."""

from datetime import date, datetime
from pathlib import Path

import orjson

from reports.document import Fact, Part
from reports.filing import write_bytes
from reports.render import page


class Held(Part):
    """One profile as it was last read. `exports`: the days of all exports that are still kept and hold it."""

    source: str
    kind: str
    id: str
    taken_at: datetime | None
    values: list[Fact]
    exports: list[str]


class Change(Part):
    """One correction that was planned for a profile, with the values that are still kept of it."""

    plan: str
    source: str
    id: str
    action: str
    state: str
    why: str
    before: list[Fact]
    after: list[Fact]


class Noted(Part):
    """What else is remembered: an opt-out, a finding, a privacy request."""

    what: str
    where: str
    since: str
    state: str


class Dossier(Part):
    """Everything that is kept of one customer, in clear."""

    schema_version: int = 1
    group: str
    time_zone: str
    made_at: datetime
    asked_for: str
    due: date
    """By when the request has to be answered."""
    profiles: list[Held]
    changes: list[Change]
    noted: list[Noted]
    left: list[str]
    """What the sources keep beyond this, and a person has to add."""


def write_html(dossier: Dossier, path: Path) -> None:
    """Write the page, whole or not at all, readable by its owner only. Raises OSError."""
    write_bytes(path, page("dossier.html.j2", dossier=dossier).encode())


def write_json(dossier: Dossier, path: Path) -> None:
    """The same for machines: a customer may take the data elsewhere. Raises OSError."""
    options = orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    write_bytes(path, orjson.dumps(dossier.model_dump(mode="json"), option=options))
