"""Documents of invented nights, by seed, and the system's browser to look at them."""

import os
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from reports.document import (
    Breaker,
    CorrectionLine,
    Counts,
    Fact,
    FindingLine,
    Member,
    Proof,
    RunReport,
    SourceLine,
    Step,
)
from reports.mask import mask

CHROMIUM = Path(os.environ.get("ROLLCALL_CHROMIUM", "/usr/bin/chromium"))
STARTED = datetime(2026, 11, 23, 12, 15, tzinfo=UTC)
SINCE = "2026-11-22"
SOURCES = (
    ("shop", "shopify", "ecom", None),
    ("till", "heartland", "pos", "Queen St"),
    ("ecom", "blaze_ecom", "ecom", None),
    ("downtown", "treez", "pos", "Downtown"),
    ("uptown", "treez", "pos", "Uptown"),
)
KINDS: tuple[tuple[str, str, str, str, list[str]], ...] = (
    ("drift", "phone", "high", "Phone differs between {a} and {b}", ["G13", "M7"]),
    ("drift", "email", "high", "Email differs between {a} and {b}", ["G13", "T6"]),
    ("drift", "last_name", "low", "Last name differs between {a} and {b}", ["G13", "M7"]),
    ("duplicate_phone", "phone", "medium", "One person twice at {b}, by phone", ["M10"]),
    ("household", "phone", "info", "Different people share a phone", ["G6"]),
    ("link_archived", "", "high", "Link to an archived profile at {b}", ["M12", "T3"]),
    ("next_order_blocked", "", "critical", "The next order would be refused at {b}", ["M8"]),
    ("consent_conflict", "email_consent", "critical", "Opted out at {a}, still opted in at {b}", ["G9"]),
    ("phone_not_comparable", "phone", "low", "A phone that cannot be read at {b}", ["G3"]),
    ("login_blocked", "phone", "medium", "Cannot log in at {b}", ["P1"]),
)
FIRST_NAMES = ("Aoife", "Bram", "Chidi", "Dagny", "Élise", "Farid", "Guro", "Hoa", "Inês", "Jo")
LAST_NAMES = ("Abernathy", "Brightwater", "Castellane", "Dunmore-Ekwueme", "Fjeldsted", "Grünwald", "O’Harrigan")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium. ROLLCALL_NO_BROWSER=1 leaves these tests out, saying so; otherwise it must be there."""
    if os.environ.get("ROLLCALL_NO_BROWSER") == "1":
        pytest.skip("ROLLCALL_NO_BROWSER=1: the report was not looked at in a browser")
    if not CHROMIUM.exists():
        pytest.fail(
            f"no browser at {CHROMIUM}: install chromium, name it in ROLLCALL_CHROMIUM, or set ROLLCALL_NO_BROWSER=1"
        )
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=[*quiet, "--disable-sync", "--no-first-run"]
        )
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def uncertified() -> Callable[[SourceLine], SourceLine]:
    """The same source on a night when its list broke off."""
    return _uncertified


@pytest.fixture(scope="session")
def make_report() -> Callable[..., RunReport]:
    """`make_report(findings=40, seed=1, **overrides)`: a complete document; overrides replace its parts."""
    return _report


def _report(findings: int = 40, seed: int = 1, **overrides: Any) -> RunReport:
    rng = random.Random(seed)
    lines = [_finding(rng, number) for number in range(findings)]
    corrections = [line for at, finding in enumerate(lines) for line in _corrections(rng, at, finding)]
    parts: dict[str, Any] = {
        "run_id": "2026-11-23-a",
        "group": "harbor-trading",
        "business_date": "2026-11-23",
        "time_zone": "America/Los_Angeles",
        "started_at": STARTED,
        "finished_at": STARTED + timedelta(minutes=7, seconds=41),
        "status": "complete",
        "headline": "plan 2026-11-23-a: 12 updates, 3 creates, 0 archives; 41 held for review; 7 accepted.",
        "rollcall_version": "0.1.0",
        "sources": [_source(rng, *names) for names in SOURCES],
        "entities": 48_211,
        "profiles": 131_904,
        "counts": _counts(lines),
        "findings": lines,
        "corrections": corrections,
        "breakers": _breakers(rng),
        "steps": [
            Step(name=name, seconds=rng.uniform(0.2, 90)) for name in ("pull", "shape", "match", "detect", "plan")
        ],
        "policy": [["pairing", "field", "wins", "apply"], ["shop-till", "phone", "newest", "review"]],
    }
    return RunReport(**{**parts, **overrides})


def _source(rng: random.Random, name: str, kind: str, role: str, store: str | None) -> SourceLine:
    proofs = [
        Proof(name=proof, outcome="passed", required=True) for proof in ("end_mark", "no_repeats", "same_contract")
    ]
    offered = kind != "treez"
    proofs += [Proof(name="count_after", outcome="passed" if offered else "not_offered", required=offered)]
    return SourceLine.model_validate(
        {
            "source": name, "kind": kind, "role": role, "store": store, "certified": True, "proofs": proofs,
            "used_snapshot": f"{name}/2026-11-23-a", "taken_at": STARTED, "age_hours": 0.2,
            "profiles": rng.randrange(15_000, 40_000), "active": rng.randrange(9_000, 15_000),
            "requests": rng.randrange(40, 900), "retries": rng.randrange(0, 4), "seconds": rng.uniform(3, 200),
        }
    )  # fmt: skip


def _uncertified(line: SourceLine) -> SourceLine:
    failed = Proof(name="end_mark", outcome="failed", required=True, detail="page 7 of 12 was the last that came")
    return line.model_copy(
        update={
            "certified": False, "profiles": None, "active": None, "proofs": [*line.proofs[1:], failed],
            "age_hours": 26.0, "taken_at": STARTED - timedelta(hours=26), "certificate_id": "till/2026-11-23-a",
            "problem": "the list broke off after page 7", "todo": "rollcall pull till",
        }
    )  # fmt: skip


def _finding(rng: random.Random, number: int) -> FindingLine:
    kind, field, severity, title, rules = KINDS[rng.randrange(len(KINDS))]
    a, b = rng.choice([("shop", "till"), ("ecom", "downtown"), ("ecom", "uptown")])
    state = rng.choices(("new", "open", "accepted", "fixed", "back"), (30, 50, 8, 10, 2))[0]
    nights = 1 if state in {"new", "back"} else rng.randrange(2, 23)
    members = [Member(source=a, id=str(rng.randrange(10**12, 10**13))), _pos_member(rng, b)]
    return FindingLine.model_validate(
        {
            "finding_id": f"F-{rng.randrange(16**16):016x}", "kind": kind, "field": field, "severity": severity,
            "title": title.format(a=a, b=b), "pairing": f"{a}-{b}", "rule_ids": rules, "members": members,
            "store": next(store for name, _, _, store in SOURCES if name == b),
            "state": state,
            "evidence": _values(rng, members, field) + _facts(rng),
            "proposal": f"Take the {field or 'link'} of {b}: it changed since both agreed.",
            "todo": ["Open the customer in Mission Control.", "Re-save the contact."] if kind == "drift" else [],
            "first_seen": f"2026-11-{24 - nights:02}", "nights_open": nights,
            "correction_ids": [f"C-{number:06}"] if number % 3 == 0 else [],
        }
    )  # fmt: skip


def _pos_member(rng: random.Random, source: str) -> Member:
    profile = str(rng.randrange(1_000, 99_999))
    return Member(source=source, id=profile, admin_url=f"https://{source}.example.com/customers/{profile}")


def _values(rng: random.Random, members: list[Member], differing: str) -> list[Fact]:
    """One person's values at every member; only the finding's own field is another at each."""
    common = _person(rng)
    facts = []
    for member in members:
        values = {**common, differing: _person(rng)[differing]} if differing else common
        owner = f"{member.source}:{member.id}"
        facts += [Fact(name=f"{name}@{owner}", value=mask(name, value)) for name, value in values.items()]
    return facts


def _person(rng: random.Random) -> dict[str, str]:
    first, last = rng.choice(FIRST_NAMES), rng.choice(LAST_NAMES)
    return {
        "first_name": first,
        "last_name": last,
        "phone": f"+1 {rng.choice((416, 604, 613))} 555 01{rng.randrange(100):02}",
        "email": f"{first}.{last}@example.com".lower(),
        "birth_date": f"19{rng.randrange(40, 99)}-0{rng.randrange(1, 9)}-11",
        "status": "active",
        "email_consent": rng.choice(("in", "out", "unknown")),
    }


def _facts(rng: random.Random) -> list[Fact]:
    return [Fact(name="side", value=rng.choice(("ecom", "pos"))), Fact(name="agreed_on", value="2026-11-20")]


def _corrections(rng: random.Random, number: int, finding: FindingLine) -> list[CorrectionLine]:
    if not finding.correction_ids:
        return []
    field = finding.field or "phone"
    values = [mask(field, f"+1 613 555 01{rng.randrange(100):02}") for _ in range(2)]
    return [
        CorrectionLine.model_validate(
            {
                "correction_id": f"C-{number:06}", "source": finding.members[0].source, "action": "update",
                "profile_id": finding.members[0].id, "before": [Fact(name=field, value=values[0])],
                "after": [Fact(name=field, value=values[1])], "why": "The till's value changed since both agreed.",
                "rule_ids": finding.rule_ids, "finding_ids": [finding.finding_id], "reversible": "fully",
                "needs": rng.choice(([], ["approval"], ["approval", "identity_check"])),
                "state": rng.choice(("ready", "held", "blocked", "verified", "handed_back")),
            }
        )
    ]  # fmt: skip


def _counts(findings: list[FindingLine]) -> list[Counts]:
    states = ("new", "open", "accepted", "fixed", "back")
    counted = [sum(finding.state == state for finding in findings) for state in states]
    named = [
        Counts(name=state, value=count, before=count + 3, since=SINCE)
        for state, count in zip(states, counted, strict=True)
    ]
    return [
        *named,
        Counts(name="entities", value=48_211, before=48_190, since=SINCE),
        Counts(name="suspects", value=17, before=17, since=SINCE),
    ]


def _breakers(rng: random.Random) -> list[Breaker]:
    limits = {"updates": 304, "creates": 50, "new_opt_outs": 25}
    return [
        Breaker(name=name, source=source[0], count=rng.randrange(limit // 3), limit=limit, tripped=False)
        for source in SOURCES
        for name, limit in limits.items()
    ]
