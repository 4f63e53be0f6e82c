"""`report.json`: the product of a run, the same bytes for the same run, under a schema that is kept current."""

import stat
from collections.abc import Callable
from pathlib import Path

import jsonschema
import orjson
import pytest

from reports import render
from reports.document import RunReport

MakeReport = Callable[..., RunReport]
REFRESH = (
    "the document has changed: raise SCHEMA_VERSION if it is no longer readable by old programs, then run\n"
    "python -c 'from reports import render; render.SCHEMA.write_text(render.schema_text())'"
)


def test_the_kept_schema_is_current() -> None:
    assert render.SCHEMA.read_text(encoding="utf-8") == render.schema_text(), REFRESH


def test_a_report_fits_its_schema_and_comes_back_whole(make_report: MakeReport, tmp_path: Path) -> None:
    report = make_report()
    path = tmp_path / "report.json"
    render.write_json(report, path)
    data = orjson.loads(path.read_bytes())
    jsonschema.validate(data, orjson.loads(render.SCHEMA.read_bytes()))
    assert RunReport.model_validate(data) == report
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_schema_refuses_what_is_not_a_report(make_report: MakeReport) -> None:
    data = make_report().model_dump(mode="json")
    data["findings"][0]["severity"] = "terrible"
    with pytest.raises(jsonschema.ValidationError, match="terrible"):
        jsonschema.validate(data, orjson.loads(render.SCHEMA.read_bytes()))


def test_the_same_run_gives_the_same_bytes(make_report: MakeReport, tmp_path: Path) -> None:
    """G7, for the viewers too."""
    for name in ("a", "b"):
        render.write_json(make_report(seed=5), tmp_path / f"{name}.json")
        render.write_html(make_report(seed=5), tmp_path / f"{name}.html")
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()
    keys = list(orjson.loads((tmp_path / "a.json").read_bytes()))
    assert keys == sorted(keys)
