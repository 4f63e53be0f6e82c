"""What the journal knows of undos, on either database."""

from datetime import date, timedelta

from jobs.inverse import asked_again
from jobs.journal import Correction, Journal
from tests.unit.journal.planned import correction


def verify(journal: Journal, row: Correction) -> None:
    for state in ("intended", "applied", "verified"):
        row = journal.move(row, state)


def test_an_undo_takes_back_supersedes_no_night_and_is_remembered(journal: Journal) -> None:
    """The original is undone with its inverse, in one transaction; later writes to that profile are told in order."""
    at, day = journal.clock.now(), date(2026, 11, 23)
    first = journal.state.begin_run(day, trigger="manual", at=at)
    journal.store_plan(first, [correction("c1"), correction("c2", profile_id="8")])
    one, other = journal.load(first)
    verify(journal, one)
    verify(journal, other)
    assert journal.written_after_undo() == []
    second = journal.state.begin_run(day, trigger="undo", at=at)
    journal.store_plan(second, [correction("b1", undoes=f"{first}/c1")])
    (back,) = journal.load(second)
    assert back.undoes == f"{first}/c1"
    verify(journal, back)
    assert [row.state for row in journal.load(first)] == ["undone", "verified"]
    assert (journal.nights(), journal.undos()) == ([first], {second})
    third = journal.state.begin_run(day, trigger="manual", at=at)
    journal.store_plan(third, [correction("c1", after={"email": "new@example.com"})])
    (later,) = journal.load(third)
    verify(journal, later)
    told = [(row.correction_id, row.plan_id, by_undo) for row, by_undo in journal.written_after_undo()]
    assert told == [("b1", second, True), ("c1", third, False)]
    assert journal.purge(at + timedelta(days=91)) == 4
    assert journal.purge(at + timedelta(days=91)) == 0
    back = journal.written_after_undo()[0][0]
    assert (dict(back.before), dict(back.after)) == ({}, dict.fromkeys(correction().after)), (
        "the values go, the fields stay"
    )
    (asked,) = asked_again([correction("c9", state="ready")], journal.written_after_undo()[:1])
    assert (asked.state, asked.needs) == ("held", ("approval",))
