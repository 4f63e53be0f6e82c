"""One cell of an export file in both directions: from the vendor's words into ours, and back into an import file."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from connectors._file_formats import PLAIN, TICKS, DateOrder, Format
from connectors._shaping import SPACES, clean
from connectors.base import VendorError

_DATE_COLUMNS = ("birth_date", "created_at", "updated_at")
_DATE_ORDERS = {
    "mdy": (r"^\s*(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})", r"\3-\1-\2"),
    "dmy": (r"^\s*(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})", r"\3-\2-\1"),
    "ymd": (r"^\s*(\d{4})[/.](\d{1,2})[/.](\d{1,2})", r"\1-\2-\3"),
}
_APOSTROPHE = r"^'([-+=@0-9])"
"""An apostrophe before what a spreadsheet would take for a number or a formula; not the one of a name like 't Hooft."""


@dataclass(frozen=True, slots=True)
class Cells:
    """How the cells of one file read. `words`: the operator's own, by canonical column; they beat the format's."""

    form: Format = PLAIN
    date_order: DateOrder = "ymd"
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def meanings(self, name: str) -> Mapping[str, str]:
        """What the words of a column mean, by the cell in lower case."""
        return {**self.form.words.get(name, {}), **self.words.get(name, {})}

    def landed(self, name: str, cells: pa.ChunkedArray) -> pa.ChunkedArray:
        """A column of the file in canonical words; what is not known stays as it is."""
        if self.form.apostrophes:
            cells = pc.replace_substring_regex(cells, _APOSTROPHE, r"\1")
        if name == "id":
            return pc.utf8_trim_whitespace(cells)
        if blanks := (*self.form.blanks.get("*", ()), *self.form.blanks.get(name, ())):
            empty = pc.is_in(pc.utf8_trim(cells, characters=SPACES), value_set=pa.array(blanks))
            cells = pc.if_else(empty, "", cells)
        if meanings := self.meanings(name):
            return _translated(cells, meanings)
        if name == "has_purchased":
            return _counted(cells)
        if name == "tags" and self.form.tag_separator != ";":
            return pc.replace_substring(cells, self.form.tag_separator, ";")
        return _dated(cells, self.date_order) if name in _DATE_COLUMNS else cells

    def id_of(self, cell: str) -> str:
        """A profile's id as `landed` gives it."""
        return (re.sub(_APOSTROPHE, r"\1", cell) if self.form.apostrophes else cell).strip()

    def out_word(self, name: str) -> str | bool | None:
        """What says no in a consent column: a word, or whether its box is ticked; None where nothing is known to."""
        own = next((cell for cell, meaning in self.words.get(name, {}).items() if meaning == "out"), None)
        ticks = {word: place == 0 for pair in TICKS for place, word in enumerate(pair)}
        return ticks.get(own, own) if own is not None else self.form.outs.get(name)

    def is_silent(self, name: str) -> bool:
        """Whether what says no in a consent column is read as unknown, because it is also what nobody chose (G9)."""
        word = self.out_word(name)
        spelled = TICKS[0][0 if word else 1] if isinstance(word, bool) else word
        return spelled is not None and self.meanings(name).get(spelled.lower()) == "unknown"

    def written(self, name: str, old: str, new: str | None) -> str:
        """The cell of an import file that holds `new`, spelled as `old` was. Raises VendorError where it cannot."""
        if name.endswith("_consent"):
            return self._refusal(name, old)
        value = new or ""
        if name == "tags":
            return value.replace(";", f"{self.form.tag_separator} " if self.form.tag_separator == "," else ";")
        if name == "birth_date" and value:
            value = _spelled(value, self.date_order)
        if name == "phone" and value and self.form.ten_digits:
            value = _ten_digits(value)
        guarded = self.form.apostrophes and re.match(_APOSTROPHE, old) and re.match(r"[-+=@0-9]", value)
        return f"'{value}" if guarded else value

    def _refusal(self, name: str, old: str) -> str:
        word = self.out_word(name)
        if word is None:
            raise VendorError(f"nothing is known to say no in {name} here: name it under `words:`", permanent=True)
        return word if isinstance(word, str) else _tick_like(old, word)


def _translated(cells: pa.ChunkedArray, meanings: Mapping[str, str]) -> pa.ChunkedArray:
    folded = pc.utf8_lower(pc.utf8_trim(cells, characters=SPACES))
    found = pc.index_in(folded, value_set=pa.array(list(meanings), pa.string()))
    told = pc.take(pa.array(list(meanings.values()), pa.string()), found)
    return pc.if_else(pc.is_valid(found), told, cells)


def _counted(cells: pa.ChunkedArray) -> pa.ChunkedArray:
    """A number of orders says whether there are any."""
    none = pc.replace_substring_regex(cells, r"^\s*0+(\.0+)?\s*$", "false")
    return pc.replace_substring_regex(none, r"^\s*[0-9]+(\.[0-9]+)?\s*$", "true")


def _dated(cells: pa.ChunkedArray, order: DateOrder) -> pa.ChunkedArray:
    pattern, replacement = _DATE_ORDERS[order]
    cells = pc.replace_substring_regex(cells, pattern, replacement)
    cells = pc.replace_substring_regex(cells, r"^(\d{4})-(\d)-", r"\1-0\2-")
    return pc.replace_substring_regex(cells, r"^(\d{4}-\d{2})-(\d)(\D|$)", r"\1-0\2\3")


def _spelled(day: str, order: DateOrder) -> str:
    year, month, date = day.split("-")
    return {"ymd": day, "mdy": f"{month}/{date}/{year}", "dmy": f"{date}/{month}/{year}"}[order]


def _ten_digits(phone: str) -> str:
    digits = re.sub(r"\D", "", phone).removeprefix("1")
    if not phone.startswith("+1") or len(digits) != 10:
        raise VendorError("phones of ten digits only are kept there: this number cannot be written", permanent=True)
    return digits


def _tick_like(old: str, ticked: bool) -> str:
    """A ticked or unticked box in the words, and the capitals, of the cell that stands there."""
    cell = clean(old) or ""
    pair = next((pair for pair in TICKS if cell.lower() in pair), TICKS[0])
    word = pair[0 if ticked else 1]
    return word.upper() if cell.isupper() and len(cell) > 1 else word.capitalize() if cell[:1].isupper() else word
