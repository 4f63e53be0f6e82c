"""`rollcall sandbox`: a whole group for rehearsals, with faults by name, pages for clerks and as many stores as asked."""

from datetime import UTC, datetime
from pathlib import Path

import requests
import yaml
from click.testing import CliRunner

from connectors.clock import SimulatedClock
from connectors.sandbox.faults import TROUBLES
from jobs import rehearse
from jobs.cli import main
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
