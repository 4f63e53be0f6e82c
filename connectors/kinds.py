"""Which kinds of sources there are: every connector is found by its file, and by nothing else."""

import importlib
import re
from difflib import get_close_matches
from functools import cache
from pathlib import Path

from connectors.base import Connector


def connector_class(kind: str) -> type[Connector]:
    """The connector of a kind: the one Connector subclass in `connectors/<kind>.py`. Raises LookupError."""
    if not kind.isidentifier() or kind not in kinds():
        raise LookupError(
            f"no connector for kind {kind!r}{_meant(kind)}: choose one of {', '.join(kinds())}. `table` reads a CSV or XLSX "
            "file of any system; docs/connectors.md says what each of the others needs"
        )
    module = importlib.import_module(f"connectors.{kind}")
    classes = [
        thing
        for thing in vars(module).values()
        if isinstance(thing, type) and issubclass(thing, Connector) and thing.__module__ == module.__name__
    ]
    (found,) = [c for c in classes if getattr(c, "kind", None) == kind]
    return found


_ALSO = {
    "csv": "table", "xlsx": "table", "excel": "table", "file": "table", "files": "table", "spreadsheet": "table",
    "blaze": "blaze_ecom", "tymber": "blaze_ecom", "mission_control": "blaze_ecom", "x_series": "lightspeed_x",
    "vend": "lightspeed_x", "r_series": "lightspeed_r", "e_series": "ecwid", "lightspeed_e": "ecwid",
}  # fmt: skip
"""What people call a kind who have not read on yet."""


def _meant(kind: str) -> str:
    word = re.sub(r"\W+", "_", kind.strip().lower())
    close = [_ALSO[word]] if word in _ALSO else get_close_matches(word, kinds(), n=1, cutoff=0.5)
    return f" (did you mean {close[0]!r}?)" if close else ""


@cache
def kinds() -> tuple[str, ...]:
    """The kinds there are: the files of this folder that declare a connector of their own name."""
    files = sorted(Path(__file__).parent.glob("*.py"))
    return tuple(p.stem for p in files if re.search(rf'^    kind.* = "{p.stem}"$', p.read_text("utf-8"), re.MULTILINE))
