"""The laws of the soak see what they are there for: after a night that holds them all, each is broken on purpose."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connectors.sandbox.base import Effect
from tests.simulation.soak import Episode, Tally
from tests.simulation.soak_laws import Scene, broken


def named(scene: Scene) -> set[str]:
    return {text.split(":")[0] for text in broken(scene)}


def received(scene: Scene, **change: Any) -> Effect:
    """A write that nobody intended, on somebody of the till."""
    somebody = min(scene.before.active["till"])
    return Effect("till", 0.0, "PUT", "/customers", somebody, change, {}, 200)


def doctored(scene: Scene) -> dict[str, set[str]]:
    """What each tampering breaks, put right again after it."""
    effects, found = scene.world.ledger.effects, {}
    effects += [received(scene, city="Here")] * 2
    found["the same write twice, and unasked for"] = named(scene)
    effects[-2:] = [received(scene, email_consent="in")]
    found["a yes that we wrote"] = named(scene)
    effects.pop()
    lost = {**scene.before.active, "till": scene.before.active["till"] | {"somebody who is not in the list"}}
    found["a list that lacks somebody"] = named(replace(scene, before=replace(scene.before, active=lost)))
    known = {**scene.ever, "till": set()}
    found["a list that holds strangers"] = named(replace(scene, ever=known))
    lines = [line.model_copy(update={"certified": False, "problem": "403"}) for line in scene.report.sources]
    dark = scene.report.model_copy(update={"sources": lines})
    found["refused for nothing"] = named(replace(scene, report=dark))
    fixed = [row for row in scene.workspace.state.findings() if row.state != "fixed"]
    assert fixed or scene.begun, "the night found something"
    account: Any = scene.world.account("register")
    file = Path(account.settings()["tokens"]["file"])
    kept = file.read_text()
    file.write_text(json.dumps({**json.loads(kept), "refresh_token": "another"}))
    found["a token that nobody takes"] = named(scene)
    file.write_text(kept)
    return found


def test_each_law_sees_its_breach(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[dict[str, set[str]]] = []

    def look(scene: Scene) -> list[str]:
        whole = list(broken(scene))
        assert whole == []
        if scene.before.findings or scene.begun or scene.effects:
            seen.append(doctored(scene))
            assert list(broken(scene)) == [], "the tampering was put right"
        return []

    monkeypatch.setattr("tests.simulation.soak.halves_of", lambda seed: ["mortar", "outlet"])
    monkeypatch.setattr("tests.simulation.soak.broken", look)
    monkeypatch.setattr(Episode, "_trouble", lambda self: {})
    Episode(5, tmp_path / "group", Tally()).play(2)
    assert len(seen) == 1
    assert seen[0]["the same write twice, and unasked for"] == {"nothing_twice", "ledger_is_journal"}
    assert seen[0]["a yes that we wrote"] == {"ledger_is_journal", "nobody_in"}
    assert seen[0]["a list that lacks somebody"] == {"staged_and_quarantined"}
    assert seen[0]["a list that holds strangers"] == {"staged_and_quarantined"}
    assert seen[0]["refused for nothing"] >= {"untroubled_is_certified", "nothing_from_absence"}
    assert seen[0]["a token that nobody takes"] == {"no_token_lost"}
