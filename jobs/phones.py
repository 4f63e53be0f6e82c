"""Phone numbers as E.164 (G3): plain North American spellings in SQL, every other spelling parsed once, and remembered.

The map of parsed spellings is kept between nights as encrypted Parquet. It holds the spellings of the last night only,
so that what left the sources leaves the map.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import file_digest
from pathlib import Path
from typing import Literal

import duckdb
import phonenumbers
import pyarrow as pa
import pyarrow.compute as pc
from phonenumbers import NumberParseException, PhoneNumberFormat, ValidationResult

import sql
from jobs.errors import ConfigError
from jobs.state import ArtefactRow, State
from jobs.vault import Vault, private_folder, sync_folder

Why = Literal["letters", "extension", "several", "too_short", "too_long", "no_country", "unreadable"]

PHONES = pa.schema([(name, pa.string()) for name in ("raw", "region", "e164", "why")])
RULES = {"rules": "1", "phonenumbers": phonenumbers.__version__}
"""What a kept map was made with: another `rules`, raised when `parse` changes its mind, and it is not used."""
SHORTEST = 7
"""Digits with the country code: no country has shorter numbers that can be dialled from abroad."""
_BREAK = re.compile(r"[^\W\d_]+|[/\\;,|&／\n]|(?<=\d)(?=[^\d+]*\+)")
"""Where one number may end and another begin."""
_EXTENSION = re.compile(r"\d\D*[^\W\d_]\D*\d{1,6}\D*$")


@dataclass(frozen=True, slots=True)
class Phone:
    """One spelling: its number, or why it is none that can be compared."""

    e164: str | None
    why: Why | None = None


def fill(connection: duckdb.DuckDBPyConnection, vault: Vault, workspace: Path, state: State) -> int:
    """Fill table `phones` for every spelling in `profiles`; returns how many had to be parsed anew.

    Needs `profiles` and `sources`. An empty or blank spelling gets no row.
    """
    kept = _kept(vault, state)
    *prepare, left_over = sql.script("phones").statements
    connection.register("kept", kept)
    for statement in prepare:
        connection.execute(statement)
    left: pa.Table = connection.sql(left_over).to_arrow_table()
    connection.unregister("kept")
    known, fresh = left.filter(left["known"]), left.filter(pc.invert(left["known"]))
    parsed = _parsed(fresh["raw"].to_pylist(), fresh["region"].to_pylist())
    table = pa.concat_tables([known.select(PHONES.names).cast(PHONES), parsed])
    connection.register("parsed", table)
    connection.execute("insert into phones by name select raw, region, e164, why from parsed")
    connection.unregister("parsed")
    if parsed.num_rows or table.num_rows != kept.num_rows:
        _keep(table, vault, workspace, state)
    return int(parsed.num_rows)


def parse(raw: str, region: str) -> Phone:
    """One field's text as one number, or why it is none; `region`: where numbers without a country code are at home."""
    text = raw.strip()
    pieces = _BREAK.split(text)
    if len(pieces) > 1 and sum(map(_is_full, pieces)) > 1:
        return Phone(None, "several")
    number, why = _read(text, region)
    if number is not None and number.extension:
        return Phone(None, "extension")
    if len(pieces) > 1:
        why = _why_broken(text, pieces) or why
    if why == "too_long" and _two_in_a_row(text, region):
        why = "several"
    if number is None or why:
        return Phone(None, why)
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    return Phone(e164) if len(e164) > SHORTEST else Phone(None, "too_short")


def _read(text: str, region: str) -> tuple[phonenumbers.PhoneNumber | None, Why | None]:
    """What the library makes of it. A number that can be dialled only inside its area is too short to compare."""
    try:
        number = phonenumbers.parse(text, region)
    except NumberParseException as error:
        return None, _UNPARSED.get(error.error_type, "too_short" if 0 < _digits(text) < SHORTEST else "unreadable")
    reason = phonenumbers.is_possible_number_with_reason(number)
    return number, None if reason == ValidationResult.IS_POSSIBLE else _IMPOSSIBLE.get(reason, "unreadable")


def _why_broken(text: str, pieces: list[str]) -> Why | None:
    """What letters and separators make of one number; None where they stand inside of it, as in `030/1234567`."""
    if any(character.isalpha() for character in text):
        return "extension" if _EXTENSION.search(text) else "letters"
    full = [_is_full(piece) for piece in pieces]
    later = pieces[full.index(True) + 1 :] if True in full else []
    return "several" if any(_digits(piece) for piece in later) else None


def _is_full(piece: str) -> bool:
    """Whether a piece has digits enough to be a number of its own, not just a country and area code."""
    start = piece.lstrip(" (.-")
    return _digits(piece) >= (9 if start.startswith(("+", "＋")) else 11 if start.startswith("00") else 7)


def _digits(text: str) -> int:
    return sum(character.isdecimal() for character in text)


def _two_in_a_row(text: str, region: str) -> bool:
    """Whether the text is two numbers with nothing but a blank between them."""
    words = text.split()
    halves = ((" ".join(words[:n]), " ".join(words[n:])) for n in range(1, len(words)))
    return any(_read(left, region)[1] is None and _read(right, region)[1] is None for left, right in halves)


def _parsed(raws: list[str], regions: list[str]) -> pa.Table:
    rows = [(raw, region, parse(raw, region)) for raw, region in zip(raws, regions, strict=True) if raw.strip()]
    columns = ([r for r, _, _ in rows], [g for _, g, _ in rows], [p.e164 for *_, p in rows], [p.why for *_, p in rows])
    return pa.table([pa.array(column, pa.string()) for column in columns], schema=PHONES)


def _kept(vault: Vault, state: State) -> pa.Table:
    """The map of earlier nights; empty where there is none, or none that can be used: it is only a shortcut."""
    row = state.artefact("phones")
    try:
        if row is None or _digest(Path(row.path)) != row.digest:
            return PHONES.empty_table()
        reader = vault.read_parquet(Path(row.path))
        made_with = {name.decode(): value.decode() for name, value in (reader.schema.metadata or {}).items()}
        return reader.read_all().cast(PHONES) if made_with == RULES else PHONES.empty_table()
    except (OSError, ConfigError):
        return PHONES.empty_table()


def _keep(table: pa.Table, vault: Vault, workspace: Path, state: State) -> None:
    folder = private_folder(workspace / "phones")
    beside = folder / "phones.new"
    vault.write_parquet(beside, table.to_batches(), PHONES, RULES)
    digest = _digest(beside)
    place = beside.rename(folder / f"phones-{digest[:16]}.parquet")
    sync_folder(folder)
    run = state.last_run()
    state.set_artefact(
        ArtefactRow(
            name="phones",
            run_id=run.run_id if run else "",
            path=str(place.resolve()),
            digest=digest,
            made_at=run.started_at if run else datetime.now(UTC),
        )
    )
    for old in folder.glob("phones-*.parquet"):
        if old != place:
            old.unlink()


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


_UNPARSED: dict[int, Why] = {
    NumberParseException.INVALID_COUNTRY_CODE: "no_country",
    NumberParseException.TOO_SHORT_AFTER_IDD: "too_short",
    NumberParseException.TOO_SHORT_NSN: "too_short",
    NumberParseException.TOO_LONG: "too_long",
}
_IMPOSSIBLE: dict[int, Why] = {
    ValidationResult.INVALID_COUNTRY_CODE: "no_country",
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "too_short",
    ValidationResult.TOO_SHORT: "too_short",
    ValidationResult.TOO_LONG: "too_long",
}
