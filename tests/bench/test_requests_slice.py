"""A full export asks no more often than the page size forces, plus what the certificate needs: the short form."""

from pathlib import Path

import pytest

from tests.bench import requests
from tests.bench.stores import ROLES

BEGIN, END = "<!-- requests: begin -->", "<!-- requests: end -->"


@pytest.mark.parametrize("kind", sorted(ROLES))
def test_a_full_export_asks_as_often_as_it_must(kind: str, tmp_path: Path) -> None:
    """What is asked beside the pages is the same for 1,200 profiles as for 50,000."""
    counted = requests.measured(kind, 1_200, tmp_path)
    assert counted.at(50_000) <= requests.MOST
    assert counted.used <= counted.least + 5, dict(counted.paths)


def test_the_table_takes_the_place_between_its_markers(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n", encoding="utf-8")
    requests.main(["--profiles", "60", "--kind", "treez", "--write", str(page)])
    before, *told, after = page.read_text(encoding="utf-8").splitlines()
    assert (before, after) == ("before", "after")
    assert "old" not in told
    assert any(line.startswith("| `treez` | 50 |") for line in told)


def test_a_page_without_markers_is_refused(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("nothing here", encoding="utf-8")
    with pytest.raises(ValueError, match="no place for the table"):
        requests.main(["--profiles", "10", "--kind", "treez", "--write", str(page)])
