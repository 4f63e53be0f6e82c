"""A slice of `make accuracy`: an invented group through the real pipeline, and the scales themselves."""

from pathlib import Path

from tests.accuracy.measure import Measure, judge, measure
from tests.accuracy.sets import SPELLINGS, invented


def test_an_invented_group_is_told_apart_without_a_family_merged_g6(tmp_path: Path) -> None:
    labelled = invented(500, 3)
    assert len(labelled.rows) == 8
    assert len(labelled.families) > 100
    outcome = measure(labelled, tmp_path)
    print(outcome)
    assert outcome.families_merged == 0
    assert outcome.unattended.precision >= 0.9995
    assert outcome.unattended.recall > 0.3
    assert outcome.with_suspects.recall >= 0.95
    assert outcome.with_suspects.precision >= 0.98


def test_the_scales_count_what_is_right_wrong_and_missed() -> None:
    labelled = invented(60, 1)
    true = labelled.pairs()
    strangers = frozenset((next(iter(sorted(true, key=sorted)))) - {""}) | frozenset()
    assert judge(labelled, true, set()).unattended.f1 == 1.0
    assert judge(labelled, set(), true).with_suspects.recall == 1.0
    assert judge(labelled, set(), set()).with_suspects == Measure(0, 0, len(true))
    some = {
        frozenset((a, b))
        for a in labelled.whose
        for b in labelled.whose
        if labelled.families.get(labelled.whose[a], 1) == labelled.families.get(labelled.whose[b], 2)
        and labelled.whose[a] != labelled.whose[b]
    }
    assert some
    assert judge(labelled, some, set()).families_merged == len(some)
    assert strangers in true
    assert len(set(SPELLINGS)) == 12
