"""splink beside us, on the same rows: in an environment of its own in the cache, never a part of the product."""

import csv
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.accuracy.measure import Measure
from tests.accuracy.sets import LabelledSet

SPLINK = "splink==5.0.0"
_JOB = Path(__file__).parent / "splink_job.py.txt"


def line(labelled: LabelledSet, cache: Path) -> str:
    """Its figures at a probability of one half, or why there are none."""
    python = environment(cache)
    if isinstance(python, str):
        return python
    with tempfile.TemporaryDirectory(prefix="rollcall-splink-") as folder:
        rows, out = Path(folder) / "rows.csv", Path(folder) / "pairs.json"
        columns = ["unique_id", *sorted({name for rows in labelled.rows.values() for name in rows[0]} - {"id"})]
        with rows.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns, extrasaction="ignore")
            writer.writeheader()
            writer.writerows(
                {**r, "unique_id": f"{s}:{r['id']}"} for s, listed in labelled.rows.items() for r in listed
            )
        done = subprocess.run([python, _JOB, rows, out], capture_output=True, text=True, check=False, timeout=900)
        if done.returncode:
            return f"it failed: {done.stderr.strip()[-300:]}"
        said = {frozenset(pair) for pair in json.loads(out.read_text(encoding="utf-8"))}
    true = labelled.pairs()
    return Measure(len(said), len(said & true), len(true)).line()


def environment(cache: Path) -> Path | str:
    """Its Python, or a sentence where it cannot be installed."""
    python = cache / "splink" / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", cache / "splink"], check=True, capture_output=True)
    words = [str(python), "-m", "pip", "install", "--quiet", SPLINK, "duckdb==2.0.0"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return python if done.returncode == 0 else f"{SPLINK} cannot be installed here: {done.stderr.strip()[-200:]}"
