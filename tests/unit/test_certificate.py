"""The certificate of completeness (G1, G2, G2a): certified means that every required proof passed and none failed."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.base import Evidence, ProofName, SourceSettings
from jobs.certificate import Baseline, Export, Probe, Read, exported_at, is_certified, judge, shortfall
from jobs.settings import Limits
from reports.document import Proof

NAMES = get_args(ProofName)
NOW = datetime(2026, 11, 23, 12, 15, tzinfo=UTC)
API = SourceSettings(kind="heartland", role="pos", canaries=("7",))
FILE = SourceSettings(kind="table", role="pos", exported_at="2026-11-23T02:00", expected=1000)
CONTRACT = {"account": "harbor", "scopes": "customers"}
WHOLE = Export(
    required=frozenset(
        {"end_mark", "count_before", "count_after", "pages_contiguous", "no_repeats", "shrink", "probe"}
    ),
    evidence=Evidence(True, 1000, 1000, True, dict(CONTRACT)),
    export_contract=1,
    read=Read(1000),
    previous=Baseline(990, 1, dict(CONTRACT), NOW - timedelta(days=1)),
    probe=Probe(),
    settings=API,
    limits=Limits(),
    now=NOW,
)


def _proof(export: Export, name: str) -> Proof:
    return next(proof for proof in judge(export) if proof.name == name)


def _outcome(export: Export, name: str) -> str:
    return _proof(export, name).outcome


def _evidence(**changes: Any) -> Export:
    return replace(WHOLE, evidence=replace(WHOLE.evidence, **changes))


def _read(**changes: Any) -> Export:
    return replace(WHOLE, read=replace(WHOLE.read, **changes))


def test_g1_a_whole_export_is_certified() -> None:
    proofs = judge(WHOLE)
    assert [proof.name for proof in proofs] == list(NAMES)
    assert {proof.name for proof in proofs if proof.outcome == "not_offered"} == {"operator_count", "fresh"}
    assert {proof.name for proof in proofs if proof.required} == set(WHOLE.required)
    assert is_certified(proofs)
    assert shortfall(proofs) == ""
    assert all(proof.detail for proof in proofs)


_FAULTS: dict[str, tuple[Export, str]] = {
    "no end mark": (_evidence(end_mark=False), "end_mark"),
    "count before": (_evidence(count_before=1001, count_after=1001), "count_before"),
    "count after": (_evidence(count_before=999, count_after=999), "count_after"),
    "pages": (_evidence(pages_contiguous=False), "pages_contiguous"),
    "repeats": (_read(repeated=1), "no_repeats"),
    "no id": (_read(unreadable=1), "no_repeats"),
    "other account": (_evidence(contract={**CONTRACT, "account": "other"}), "same_contract"),
    "fewer scopes": (_evidence(contract={"account": "harbor"}), "same_contract"),
    "another filter": (_evidence(contract={**CONTRACT, "filter": "x"}), "same_contract"),
    "other fields": (replace(WHOLE, export_contract=2), "same_contract"),
    "changed midway": (_read(contract_changed=True), "same_contract"),
    "canary": (_read(absent_canaries=("7",)), "canaries"),
    "alive": (replace(WHOLE, probe=Probe(3, 3, ("5",))), "probe"),
    "not asked": (replace(WHOLE, probe=Probe(3, problem="answered 503")), "probe"),
    "blind": (replace(WHOLE, probe=Probe(blind=True)), "probe"),
    "shrunk": (replace(WHOLE, previous=Baseline(1100, 1, CONTRACT)), "shrink"),
    "empty": (replace(_evidence(count_before=0, count_after=0), read=Read(0)), "shrink"),
    "miscounted": (replace(WHOLE, settings=FILE, read=Read(999)), "operator_count"),
    "old file": (replace(WHOLE, settings=FILE, now=NOW + timedelta(days=2)), "fresh"),
    "file of tomorrow": (replace(WHOLE, settings=FILE, now=NOW - timedelta(days=1)), "fresh"),
    "file before last": (replace(WHOLE, settings=FILE, previous=Baseline(990, 1, CONTRACT, NOW)), "fresh"),
    "no date": (replace(WHOLE, settings=FILE.model_copy(update={"exported_at": "last night"})), "fresh"),
}


@pytest.mark.parametrize("fault", _FAULTS)
def test_g1_each_fault_alone_costs_the_certificate(fault: str) -> None:
    export, name = _FAULTS[fault]
    assert _outcome(export, name) == "failed"
    for required in (WHOLE.required, frozenset(), frozenset(NAMES)):
        proofs = judge(replace(export, required=required))
        assert not is_certified(proofs), "a failed proof counts whether it is required or not"
        assert f"{name}: " in shortfall(proofs)


@pytest.mark.parametrize(
    ("export", "name"),
    [
        (_evidence(end_mark=None), "end_mark"),
        (_evidence(count_before=None), "count_before"),
        (_evidence(count_after=None), "count_after"),
        (_evidence(pages_contiguous=None), "pages_contiguous"),
        (WHOLE, "operator_count"),
    ],
)
def test_g1_what_is_not_offered_matters_only_where_it_is_required(export: Export, name: str) -> None:
    assert _outcome(export, name) == "not_offered"
    assert is_certified(judge(replace(export, required=frozenset(WHOLE.required) - {name})))
    proofs = judge(replace(export, required=frozenset({name})))
    assert not is_certified(proofs)
    assert shortfall(proofs).startswith(f"{name}: ")


def test_g1_canaries_are_required_where_the_configuration_names_some() -> None:
    required = frozenset({"canaries"})
    without = replace(WHOLE, required=required, settings=SourceSettings(kind="heartland", role="pos"))
    assert _outcome(without, "canaries") == "not_offered"
    assert is_certified(judge(without))
    assert not is_certified(judge(replace(_read(absent_canaries=("7",)), required=required)))


def test_g1_a_file_s_age_is_judged_where_its_date_was_stated() -> None:
    required = frozenset({"fresh"})
    without = replace(WHOLE, required=required, settings=FILE.model_copy(update={"exported_at": None}))
    assert _outcome(without, "fresh") == "not_offered"
    assert is_certified(judge(without))
    assert not is_certified(judge(replace(WHOLE, required=required, settings=FILE, now=NOW + timedelta(days=9))))


@pytest.mark.parametrize(
    ("before", "after", "listed", "created", "agrees"),
    [
        (1000, 1003, 1000, 0, True), (1000, 1003, 1003, 0, True), (1000, 1003, 1006, 0, False),
        (1000, 1003, 999, 0, False), (1000, 1000, 1002, 2, True), (1000, 1000, 1003, 2, False),
        (1000, None, 1000, 0, True), (1000, None, 1001, 0, False), (1000, None, 1001, 1, True),
        (None, 1000, 999, 0, False), (1003, 1000, 1001, 0, True),
    ],
)  # fmt: skip
def test_g1_counts_agree_within_the_changes_seen_meanwhile(
    before: int | None, after: int | None, listed: int, created: int, agrees: bool
) -> None:
    export = replace(_evidence(count_before=before, count_after=after), read=Read(listed, created_meanwhile=created))
    outcomes = {_outcome(export, name) for name in ("count_before", "count_after")} - {"not_offered"}
    assert ("failed" not in outcomes) == agrees


@pytest.mark.parametrize(
    ("before", "listed", "passes"),
    [(1000, 950, True), (1000, 949, False), (400, 376, True), (400, 375, False), (100, 76, True), (100, 75, False),
     (10, 1, True), (10, 0, False), (0, 0, True), (1000, 5000, True)],
)  # fmt: skip
def test_g2_shrinking_needs_both_limits_exceeded_and_empty_is_never_certified(
    before: int, listed: int, passes: bool
) -> None:
    export = replace(WHOLE, previous=Baseline(before, 1, CONTRACT), read=Read(listed))
    assert (_outcome(export, "shrink") == "passed") == passes


def test_g2_another_store_s_file_of_the_same_length_is_no_export_of_this_one() -> None:
    """Of a file nobody can be asked for by id: who vanished counts, however many others came."""
    swapped = replace(WHOLE, previous=Baseline(1000, 1, CONTRACT), read=Read(1000, vanished=400))
    assert _outcome(swapped, "shrink") == "failed"
    assert _outcome(replace(swapped, accepted=(Baseline(1000, 1, CONTRACT),)), "shrink") == "passed"
    assert _outcome(replace(swapped, read=Read(1000, vanished=24)), "shrink") == "passed"


def test_g2_an_operator_can_accept_a_shrunk_or_changed_export_but_never_an_empty_one() -> None:
    shrunk = replace(WHOLE, previous=Baseline(2000, 1, {"account": "other"}))
    like_it = Baseline(1010, 1, dict(CONTRACT))
    assert is_certified(judge(replace(shrunk, accepted=(like_it,))))
    assert _outcome(replace(shrunk, accepted=(replace(like_it, listed=1500),)), "shrink") == "failed"
    assert _outcome(replace(shrunk, accepted=(replace(like_it, contract={}),)), "same_contract") == "failed"
    assert _outcome(replace(shrunk, accepted=(replace(like_it, export_contract=9),)), "same_contract") == "failed"
    empty = replace(shrunk, read=Read(0), accepted=(Baseline(0, 1, CONTRACT),))
    assert _outcome(empty, "shrink") == "failed"


def test_g2a_an_operator_can_go_on_without_the_earlier_list_but_not_past_the_living() -> None:
    like_it = replace(WHOLE, accepted=(Baseline(1000, 1, CONTRACT),))
    assert _outcome(replace(like_it, probe=Probe(blind=True)), "probe") == "passed"
    assert _outcome(replace(like_it, probe=Probe(3, 3, ("5",))), "probe") == "failed"
    assert _outcome(replace(like_it, probe=Probe(3, problem="answered 503")), "probe") == "failed"


def test_g1_the_first_export_has_nothing_to_compare_with() -> None:
    first = replace(WHOLE, previous=None)
    assert is_certified(judge(first))
    assert is_certified(judge(replace(first, read=Read(0), evidence=Evidence(True, 0, 0, True)))), "an empty shop"


def test_a_first_export_of_nobody_needs_a_word() -> None:
    """G2: headings and no rows are more often a filter than a store without customers."""
    nobody = replace(WHOLE, previous=None, read=Read(0), evidence=Evidence(end_mark=True))
    assert _outcome(nobody, "shrink") == "failed"
    assert _outcome(replace(nobody, accepted=(Baseline(0, 1, CONTRACT),)), "shrink") == "passed"
    assert _outcome(replace(nobody, accepted=(Baseline(5, 1, CONTRACT),)), "shrink") == "failed"
    said = nobody.settings.model_copy(update={"expected": 0})
    assert _outcome(replace(nobody, settings=said), "shrink") == "passed"


def test_g1_of_an_export_that_broke_off_nothing_else_is_said() -> None:
    proofs = judge(_read(broke_off=True))
    assert {proof.name: proof.outcome for proof in proofs} == {
        **dict.fromkeys(NAMES, "not_offered"),
        "end_mark": "failed",
    }
    assert not is_certified(proofs)
    assert "end_mark: the export broke off" in shortfall(proofs)


def test_g1_a_bad_date_is_said_of_an_export_that_broke_off_too() -> None:
    """It is known without the list, and `not offered` would send people looking for the wrong thing."""
    old = FILE.model_copy(update={"exported_at": "2020-01-01T00:00"})
    proofs = judge(replace(_read(broke_off=True), required=frozenset({"fresh"}), settings=old))
    assert {p.name for p in proofs if p.outcome == "failed"} == {"end_mark", "fresh"}
    assert "; fresh: older than the last certified export" in shortfall(proofs)


def test_g1_a_file_is_judged_by_its_date_and_the_stated_count() -> None:
    export = replace(WHOLE, required=frozenset({"operator_count", "fresh"}), settings=FILE, evidence=Evidence())
    export = replace(export, previous=None)
    assert is_certified(judge(export))
    zone = ZoneInfo("America/Los_Angeles")
    assert exported_at(FILE, zone) == datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
    assert exported_at(API, zone) is None
    assert "exported 2.2 hours ago" in _proof(replace(export, zone=zone), "fresh").detail
    edge = replace(export, now=NOW.replace(hour=2, minute=0) + timedelta(hours=48))
    assert _outcome(edge, "fresh") == "passed"
    assert _outcome(replace(edge, now=edge.now + timedelta(seconds=1)), "fresh") == "failed"


_COUNT = st.none() | st.integers(0, 60)
_FLAG = st.none() | st.booleans()
_BASELINE = st.builds(Baseline, st.integers(0, 60), st.integers(1, 2), st.sampled_from([{}, {"a": "1"}, {"a": "2"}]))
_EXPORTS = st.builds(
    Export,
    required=st.sets(st.sampled_from(NAMES)),
    evidence=st.builds(Evidence, _FLAG, _COUNT, _COUNT, _FLAG, st.sampled_from([{}, {"a": "1"}])),
    export_contract=st.integers(1, 2),
    read=st.builds(
        Read, st.integers(0, 60), st.integers(0, 1), st.integers(0, 1), st.integers(0, 3), st.sampled_from([(), ("7",)]),
        st.booleans(), st.booleans(), st.integers(0, 60),
    ),
    previous=st.none() | _BASELINE,
    probe=st.builds(Probe, st.integers(0, 3), st.integers(0, 3), st.sampled_from([(), ("5",)]), st.sampled_from(["", "x"])),
    settings=st.sampled_from([API, FILE]),
    limits=st.builds(Limits, shrink_profiles=st.integers(0, 30)),
    now=st.just(NOW),
    accepted=st.lists(_BASELINE, max_size=2).map(tuple),
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(_EXPORTS)
def test_g1_no_export_with_a_fault_is_ever_certified(export: Export) -> None:
    proofs = judge(export)
    certified = is_certified(proofs)
    assert [proof.name for proof in proofs] == list(NAMES)
    assert certified == (shortfall(proofs) == "")
    assert judge(export) == proofs
    if certified:
        read, previous = export.read, export.previous
        assert not any((read.broke_off, read.repeated, read.unreadable, read.absent_canaries, read.contract_changed))
        assert not any((export.probe.alive, export.probe.problem))
        assert export.evidence.end_mark is not False
        assert export.evidence.pages_contiguous is not False
        assert previous is None or read.listed or not previous.listed, "G2: never an empty one"
        where_stated = {"canaries"} if export.settings.exported_at else {"canaries", "fresh"}
        assert {p.name for p in proofs if p.outcome == "passed"} >= set(export.required) - where_stated


@settings(max_examples=150, deadline=None)
@given(_EXPORTS)
def test_an_operators_word_only_ever_helps_and_only_where_it_may(export: Export) -> None:
    without = {p.name: p.outcome for p in judge(replace(export, accepted=()))}
    said = {p.name: p.outcome for p in judge(export)}
    changed = {name for name in NAMES if without[name] != said[name]}
    assert changed <= {"shrink", "same_contract", "probe"}
    assert all((without[name], said[name]) == ("failed", "passed") for name in changed)


_WORSE: list[Callable[[Export], Export]] = [
    lambda e: replace(e, evidence=replace(e.evidence, end_mark=False)),
    lambda e: replace(e, evidence=replace(e.evidence, pages_contiguous=False)),
    lambda e: replace(e, read=replace(e.read, unreadable=1)),
    lambda e: replace(e, read=replace(e.read, broke_off=True)),
    lambda e: replace(e, probe=replace(e.probe, alive=("5",))),
]


@settings(max_examples=100, deadline=None)
@given(_EXPORTS, st.sampled_from(_WORSE))
def test_g1_a_fault_added_to_any_export_costs_the_certificate(
    export: Export, worsen: Callable[[Export], Export]
) -> None:
    assert not is_certified(judge(worsen(export)))


@pytest.mark.parametrize(
    ("read", "evidence", "said"),
    [
        (Read(0, broke_off=True), Evidence(), "nothing could be read: the file till.csv has no column for the ids"),
        (Read(9, broke_off=True), Evidence(), "the export broke off before its end: the file till.csv has no column"),
        (Read(9), Evidence(end_mark=False, notes=["3 rows have no id"]), "the list is not whole: 3 rows have no id"),
    ],
)
def test_g1_the_end_mark_says_what_is_really_wrong(read: Read, evidence: Evidence, said: str) -> None:
    """A file without an id column did not break off."""
    problem = "the file till.csv has no column for the ids" if read.broke_off else ""
    (mark,) = (p for p in judge(replace(WHOLE, read=read, evidence=evidence, problem=problem)) if p.name == "end_mark")
    assert (mark.outcome, said in mark.detail) == ("failed", True), mark.detail
