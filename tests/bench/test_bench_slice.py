"""The benchmark runs, and measures what it says: a slice of a few thousand profiles."""

from pathlib import Path

import pytest

from tests.bench import night, steps


def test_the_benchmark_runs_and_its_figures_are_sane(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In this process, which says nothing of memory: ten more would take longer to start than all their steps."""
    monkeypatch.setattr(steps, "apart", lambda what, *about: what(*about))
    page = tmp_path / "benchmarks.md"
    text = night.main(["--profiles", "2000", "--write", str(page)])
    assert page.read_text(encoding="utf-8") == text
    assert "2,000 profiles in eight systems" in text
    for step in ("open and shape", "phones", "match", "detect", "plan", "keep"):
        assert f"| {step} |" in text
    assert " 2,000 profiles" in text.split("What was in it")[1], "everything that was sealed was read"
