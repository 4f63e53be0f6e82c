"""A slice of `make accuracy`: an invented group through the real pipeline, and the scales themselves."""

from pathlib import Path

from jobs import suspects
from tests.accuracy.measure import Measure, calibration, judge, measure
from tests.accuracy.sets import SPELLINGS, LabelledSet, invented
from tests.night.stage import rollcall


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
    config = tmp_path / "config.yaml"
    bins = calibration(labelled, config)
    sure = [b for b in bins if b.low >= 0.9]
    assert sum(b.right for b in sure) > 100
    assert min(b.true for b in sure if b.pairs > 10) > 0.98, "nine in ten and more is what it says"
    assert max(b.true for b in bins if b.high <= 0.1) < 0.1

    own = tmp_path / "data" / "weights.csv"
    said = rollcall("--config", config, "weights")
    assert (said.code, own.exists()) == (0, False)
    assert said.last.endswith("nothing was written: `--accept` puts them in force")
    assert rollcall("--config", config, "weights", "--accept").code == 0
    estimated = {(w.field, w.level): w.same for w in suspects.weights(own.parent)}
    assert abs(estimated["birth_date", "equal"] - _share_of_equal(labelled, "birth_date")) < 0.03
    again = measure(labelled, tmp_path)
    assert again.with_suspects.f1 >= outcome.with_suspects.f1
    assert again.unattended == outcome.unattended, "no weight links anybody"


def _share_of_equal(labelled: LabelledSet, column: str) -> float:
    """Of the profiles of one person that say anything, how many say the same: the truth that was to be estimated."""
    said = {f"{source}:{row['id']}": row[column] for source, rows in labelled.rows.items() for row in rows}
    both = [{said[one] for one in pair} for pair in labelled.pairs() if all(said[one] for one in pair)]
    return sum(len(values) == 1 for values in both) / len(both)


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
