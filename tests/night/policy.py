"""What tests of policies play with: a shop and its till, people who change their email, and a manager's words."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from connectors.sandbox.world import Resident
from jobs.night import Result
from reports.document import CorrectionLine, RunReport
from tests.night.stage import Edit, Group, mortar_only, rollcall, serving


def policy(**settings: Any) -> Edit:
    """The shop and the till alone, with these settings of their pairing."""

    def edit(raw: dict[str, Any]) -> None:
        mortar_only(raw)
        raw["pairings"][0] |= settings

    return edit


AUTO = policy(apply={"drift": "auto"})
REVIEW = policy(apply={"drift": "review"})


@contextmanager
def after_night_zero(folder: Path) -> Iterator[Group]:
    """A shop and a till that agree, after a certified night, to be `put_back` before each test."""
    with serving(folder, edit=AUTO) as group:
        assert group.night(after=0).report.findings == []
        group.keep()
        yield group


@contextmanager
def as_night_zero_left_it(group: Group) -> Iterator[Group]:
    """The workspace of before, under `AUTO`; the accounts are well again at the end."""
    group.put_back()
    group.configure(AUTO)
    yield group
    group.heal()


def linked(group: Group) -> list[Resident]:
    """People whose email is the same at both sides, in a fixed order."""
    return [r for r in group.world.residents if set(r.ids) == {"shop", "till"} and r.person.email]


@contextmanager
def new_emails(group: Group, people: int = 2) -> Iterator[list[Resident]]:
    """Some people change their email in the shop, which the till is to learn; at the end both have the old one again."""
    victims = linked(group)[:people]
    for number, victim in enumerate(victims):
        group.faults("shop").edit(victim.ids["shop"], {"email": f"new-{number}@example.com"})
    try:
        yield victims
    finally:
        for victim in victims:
            for source in ("shop", "till"):
                group.faults(source).edit(victim.ids[source], {"email": victim.person.email})


def of(report: RunReport, victims: list[Resident]) -> list[CorrectionLine]:
    """The corrections of these people's till profiles."""
    wanted = {victim.ids["till"] for victim in victims}
    return [c for c in report.corrections if c.source == "till" and c.profile_id in wanted and c.action == "update"]


def emails(group: Group, victims: list[Resident]) -> set[str]:
    return {group.faults("till").read(victim.ids["till"])["email"] for victim in victims}


def approve(group: Group, result: Result, name: str = "decisions.json", **words: Any) -> Path:
    """A file that says yes to everything of a plan that only needs a yes."""
    return group.decide(name, result.run_id, [one | words for one in group.approve(result.report, "approval")])


def decide(group: Group, *words: str) -> None:
    said = rollcall("decide", *words, "--why", "asked her", "--by", "manager", "--config", group.config)
    assert said.code == 0, said.err


def reasons(result: Result, victims: list[Resident]) -> set[str]:
    lines = of(result.report, victims)
    assert len(lines) == len(victims)
    assert {line.state for line in lines} == {"blocked"}
    return {line.blocked_by for line in lines}
