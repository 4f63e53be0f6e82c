"""`rollcall sandbox`: a whole group for rehearsals, with faults by name, pages for clerks and as many stores as asked."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
import yaml
from click.testing import CliRunner

from connectors.clock import SimulatedClock
from connectors.sandbox.faults import TROUBLES
from jobs import rehearse
from jobs.cli import main
from jobs.errors import ConfigError
from jobs.settings import parse

CONFIG = Path(__file__).parent.parent.parent / "config.yaml"


def rollcall(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["sandbox", "--config", str(CONFIG), *words])
    return done.exit_code, done.output


def test_every_fault_is_listed_in_a_line_of_its_own() -> None:
    code, said = rollcall("--faults", "list")
    lines = said.splitlines()
    assert (code, len(lines)) == (0, len(TROUBLES))
    assert [line.split()[0] for line in lines] == list(TROUBLES)
    assert all(len(line.split()) > 3 and len(line) < 120 for line in lines)


def test_a_fault_that_nobody_knows_is_refused_before_anything_is_served() -> None:
    code, said = rollcall("--faults", "html_page,meteor")
    assert code == 2
    assert "no fault is called 'meteor': `rollcall sandbox " in said
    assert "--faults list` names them all" in said


def test_a_group_of_twenty_stores_is_served_with_faults_that_begin_anew_every_minute(
    tmp_path: Path,
) -> None:
    """What is printed can be run as it stands; every account misbehaves, and has a page for clerks."""
    said: list[str] = []
    seen: list[tuple[int, str]] = []

    class Watched(SimulatedClock):
        def sleep(self, seconds: float) -> None:
            """In the middle of a minute: somebody asks."""
            super().sleep(seconds)
            told = "\n".join(said)
            pages = [line.rpartition(" ")[2] for line in said if "play clerk" in line]
            base = yaml.safe_load(told.split("export ")[0])["sources"]["till"]["base_url"]
            with requests.Session() as web:
                web.trust_env = False
                seen.append((len(pages), web.get(pages[-1], timeout=5).text))
                walk = {"_filter": '{"id":{"$gt":0}}', "page": "1", "per_page": "5"}
                seen.append((web.get(f"{base}/customers", params=walk, timeout=5).status_code, ""))

    offer = rehearse.Offer(200, stores=20, faults=("server_down", "clerk_edits"), seed=3)
    rehearse.serve(CONFIG, offer, minutes=2, say=said.append, clock=Watched(datetime(2026, 3, 2, tzinfo=UTC)))
    printed = yaml.safe_load("\n".join(said).split("export ")[0])
    settings = parse({"group": "g", **printed}, tmp_path / "config.yaml")
    assert sum(source.kind == "treez" for source in settings.sources.values()) == 20
    menu = next(pairing for pairing in settings.pairings if pairing.ecom == "ecom")
    assert len(menu.pos) == 21
    assert "invented people" in seen[0][1]
    assert [code for code, text in seen if not text] == [503, 503]
    assert seen[0][0] == 28


def offered(folder: Path, config: Path) -> str:
    """What the sandbox prints there."""
    said: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        rehearse.serve(
            config,
            rehearse.Offer(150),
            minutes=1,
            say=said.append,
            clock=SimulatedClock(datetime(2026, 3, 2, tzinfo=UTC)),
        )
    return "\n".join(said)


@pytest.mark.parametrize("own", ["", "group: mine\nsources: {till: {kind: table, role: pos, path: till.csv}}\n"])
def test_where_no_configuration_of_the_group_is_the_repositorys_own_is_taken(tmp_path: Path, own: str) -> None:
    """What is printed is whole, beside what a newcomer has there already, and never uses a workspace of real people."""
    if own:
        (tmp_path / "config.yaml").write_text(own, encoding="utf-8")
    printed = yaml.safe_load(offered(tmp_path, Path("config.yaml")).split("export ")[0])
    settings = parse(printed, tmp_path / "sandbox.yaml")
    assert settings.workspace == tmp_path / "sandbox-data"
    assert {source.kind for source in settings.sources.values()} >= {"shopify", "heartland", "treez"}
    assert len(settings.pairings) == 4


def test_another_group_that_was_named_is_refused_with_what_to_do(tmp_path: Path) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text("group: mine\nsources: {till: {kind: table, role: pos, path: till.csv}}\n", encoding="utf-8")
    for place in (mine, tmp_path / "none.yaml"):
        with pytest.raises(ConfigError, match="repository's config.yaml"):
            rehearse.serve(place, rehearse.Offer(150), minutes=1, say=lambda _: None)


def test_ctrl_c_is_how_the_sandbox_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is no interrupted night: there is nothing to resume."""

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(rehearse, "serve", interrupted)
    assert rollcall() == (0, "# the sandbox ended: nothing of it is kept\n")
