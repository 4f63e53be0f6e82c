"""Whole nights of Mission Control with a Treez store and a Greenline store, by Greenline's API and by its export file."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.sandbox import blaze_ecom, greenline, treez
from tests.night.pairs import Group, Known, NightZero, finding, found, serving, states
from tests.night.search import unpacked

PAIRING = {
    "preset": "blaze_ecom", "name": "menu-stores", "ecom": "ecom", "pos": ["downtown", "queen"], "observe_nights": 0,
}  # fmt: skip
STORES = {"s-downtown": "downtown", "s-queen": "queen"}
UNNAMED = ("licenceNumber", "medicalDocument", "passwordHash")
SENTINEL = "NOBODYS-LICENCE"
UNREAD = {finding("schema_drift", heading) for heading in ["Tax Exempt"]}
"""What the vendor's file holds and nobody reads is told every night, by its heading alone (G11)."""
BOTH = pytest.mark.parametrize("driver", ["api", pytest.param("files", marks=pytest.mark.deep)])

Report = Any
Opened = Callable[..., Group]


def group_of(folder: Path, driver: str, **more: Any) -> Group:
    """Twenty people who signed up: ECOM made a profile of each in either store (T2)."""
    quirks = more.pop("quirks", {})
    group = Group(folder, {**PAIRING, **more.pop("pairing", {})})
    clock = group.clock.time
    queen = greenline.Account("queen", clock, group.ledger, 1, **quirks)
    downtown = treez.Account("downtown", clock, group.ledger, 1)
    tills = {"s-downtown": downtown, "s-queen": queen}
    ecom = blaze_ecom.Account("ecom", clock, group.ledger, 1, stores=tills)
    group.open(downtown, {"role": "pos", "region": "CA"})
    file = folder / "queen.csv"

    def exported() -> dict[str, Any]:
        return {**queen.file_settings(file), "role": "pos", **more}

    group.open(queen, exported if driver == "files" else {"role": "pos", "region": "CA", **more})
    group.open(ecom, {"role": "ecom", "region": "CA"})
    for _ in range(20):
        person = group.population.person("CA", rare=True, born=True)
        customer = ecom.sign_up(person.fields())
        links = ecom.links(customer)
        group.people.append(Known(person, {"ecom": customer, **{STORES[key]: one for key, one in links.items()}}))
    return group


def wrong(report: Report) -> set[Any]:
    """Everything found but the columns that are left out on purpose."""
    return found(report) - UNREAD


@pytest.fixture(scope="module")
def night_zero(tmp_path_factory: pytest.TempPathFactory) -> NightZero:
    return NightZero(tmp_path_factory.mktemp("zero"))


@pytest.fixture
def opened(tmp_path: Path, night_zero: NightZero) -> Iterator[Opened]:
    contexts: list[Any] = []

    def open_one(driver: str = "api", **more: Any) -> Group:
        contexts.append(serving(group_of(tmp_path, driver, **more)))
        group: Group = contexts[-1].__enter__()
        night_zero.of(group, f"{driver} {sorted(more.items())}", frozenset(UNREAD))
        return group

    yield open_one
    for context in contexts:
        context.__exit__(None, None, None)


def proposals(report: Report) -> str:
    return " ".join(f.proposal for f in report.findings)


def quiet(group: Group) -> None:
    """The next night finds nothing and plans nothing."""
    result = group.night()
    assert (wrong(result.report), result.report.corrections, result.exit_code) == (set(), [], 0)


@BOTH
def test_a_change_in_mission_control_reaches_every_store(opened: Opened, driver: str) -> None:
    """C2: each store is verified by itself; when both took it there is nothing to find, however it is spelled."""
    group = opened(driver)
    one, other = group.people[:2]
    group.accounts["ecom"].edit(one.ids["ecom"], {"phone": "+14165550142"})
    group.accounts["ecom"].edit(other.ids["ecom"], {"email": "new@example.com"})
    assert group.accounts["queen"].read(one.ids["queen"])["phone"].endswith("0142")
    quiet(group)


@pytest.mark.deep
@BOTH
@pytest.mark.parametrize("field", ["phone", pytest.param("email", marks=pytest.mark.deep)])
def test_a_push_that_greenline_missed_is_drift_there_alone(opened: Opened, driver: str, field: str) -> None:
    """C1, C2: the other store has it; by default a person saves it again, and nothing is written."""
    group = opened(driver)
    victim, ecom = group.people[0], group.accounts["ecom"]
    new = {"phone": "+14165550142", "email": "new@example.com"}[field]
    ecom.miss_push("s-queen")
    ecom.edit(victim.ids["ecom"], {field: new})
    result = group.night()
    assert wrong(result.report) == {finding("drift", field, victim.at("ecom"), victim.at("queen"))}
    assert "save" in proposals(result.report)
    assert group.written("queen") == []
    ecom.edit(victim.ids["ecom"], {field: new})
    quiet(group)


def test_a_missed_push_is_written_by_the_api_where_that_is_switched_on(opened: Opened) -> None:
    """C1: `contact_way: pos` and `writes: on`; the ledger shows exactly the one field, and the next night is quiet."""
    group = opened("api", writes=True, pairing={"contact_way": "pos"})
    victim, ecom = group.people[0], group.accounts["ecom"]
    ecom.miss_push("s-queen")
    ecom.edit(victim.ids["ecom"], {"phone": "+14165550142"})
    result = group.night()
    assert states(result.report.corrections) == {("queen", "update", "held")}
    report = group.approved(result, *result.report.corrections[0].needs)
    assert states(report.corrections) == {("queen", "update", "verified")}
    assert group.written("queen") == [(victim.ids["queen"], {"phone": "+14165550142"})]
    quiet(group)


@pytest.mark.parametrize(
    "pairing",
    [pytest.param({}, marks=pytest.mark.deep), {"contact_way": "pos"}],
    ids=["by default", "where the pairing would"],
)
@BOTH
def test_nothing_is_written_to_greenline_before_somebody_switches_it_on(
    opened: Opened, driver: str, pairing: dict[str, str]
) -> None:
    """Sheet, section 6: the contract is assumed, so writes are off; a file is never written to."""
    group = opened(driver, pairing=pairing)
    victim, ecom = group.people[0], group.accounts["ecom"]
    ecom.miss_push("s-queen")
    ecom.edit(victim.ids["ecom"], {"email": "new@example.com"})
    group.accounts["queen"].edit(victim.ids["queen"], {"email_consent": "in"})
    assert not {c.state for c in group.night().report.corrections} & {"ready", "verified", "applied"}
    assert group.written("queen") == []


@pytest.mark.deep
@BOTH
def test_a_value_that_changed_at_the_till_is_for_a_person(opened: Opened, driver: str) -> None:
    """T6, C1: a change in Greenline reaches nobody; the till's is often the newer and right one."""
    group = opened(driver, pairing={"contact_way": "pos"})
    victim = group.people[0]
    group.accounts["queen"].edit(victim.ids["queen"], {"email": "till@example.com"})
    result = group.night()
    assert wrong(result.report) == {finding("drift", "email", victim.at("ecom"), victim.at("queen"))}
    assert "a person picks" in proposals(result.report)
    assert group.written("queen") == group.written("ecom") == []


@pytest.mark.deep
@BOTH
def test_an_archived_link_is_found_and_a_restored_one_is_good_again(opened: Opened, driver: str) -> None:
    """M12, M13, T3: by the API it is archived; the file leaves archived customers out, so there it is gone."""
    group = opened(driver)
    victim, queen = group.people[0], group.accounts["queen"]
    queen.archive(victim.ids["queen"])
    kind = "link_archived" if driver == "api" else "link_deleted"
    result = group.night()
    assert wrong(result.report) == {finding(kind, "", victim.at("ecom"), victim.at("queen"))}
    assert result.report.corrections == [], "nothing is created beside it (T3)"
    queen.restore(victim.ids["queen"])
    back = group.night().report
    assert wrong(back) == {finding("link_restored", "", victim.at("ecom"), victim.at("queen"))}, "M13: told once"
    assert back.corrections == []


def test_an_archived_link_is_found_by_its_id_where_the_list_leaves_it_out(opened: Opened) -> None:
    """G2a, T3: should the real list not hold archived customers, the linked one is asked for by its id."""
    group = opened("api", quirks={"includes_archived": "never"})
    victim = group.people[0]
    group.accounts["queen"].archive(victim.ids["queen"])
    assert wrong(group.night().report) == {finding("link_archived", "", victim.at("ecom"), victim.at("queen"))}


@pytest.mark.deep
@BOTH
def test_the_marker_note_belongs_to_treez(opened: Opened, driver: str) -> None:
    """T8 speaks of Treez: whether ECOM leaves a note in Greenline is not public, so its absence there is no finding."""
    group = opened(driver)
    victim = group.people[0]
    group.accounts["queen"].edit(victim.ids["queen"], {"note": "Asks for paper receipts."})
    quiet(group)
    group.accounts["downtown"].edit(victim.ids["downtown"], {"note": "Asks for paper receipts."})
    assert wrong(group.night().report) == {finding("note_missing", "note", victim.at("ecom"), victim.at("downtown"))}


@pytest.mark.deep
@BOTH
def test_two_greenline_profiles_with_one_phone_are_a_duplicate(opened: Opened, driver: str) -> None:
    """T9, C3: entered at the till, which lets duplicates in; it blocks the next change in Mission Control."""
    group = opened(driver)
    victim = group.people[0]
    again = {**victim.person.fields(), "email": None}
    extra = group.accounts["queen"].add(again)
    assert finding("duplicate_phone", "phone", victim.at("queen"), f"queen:{extra}") in wrong(group.night().report)


@BOTH
def test_what_must_not_be_kept_is_nowhere_on_the_disk(opened: Opened, tmp_path: Path, driver: str) -> None:
    """G11: a licence, a medical document and a password that the vendor sends beside what the contract names."""
    group = group_of(tmp_path, driver, quirks={"unnamed_fields": UNNAMED, "sentinel": SENTINEL})
    with serving(group):
        group.night(after=0)
        result = group.night()
    assert {kind for kind, _, _ in wrong(result.report)} <= {"schema_drift"}
    (tmp_path / "queen.csv").unlink(missing_ok=True)  # the operator's own file is not ours to clean
    left = unpacked(tmp_path)
    assert left
    for name, content in left.items():
        assert SENTINEL.encode() not in content, name


def test_an_export_that_moves_while_it_is_read_is_read_again(opened: Opened) -> None:
    """The list comes in the order of changes: whoever is edited meanwhile jumps to its end."""
    group = opened("api")
    victim, queen = group.people[3], group.accounts["queen"]
    for number in range(120):
        queen.add({"full_name": f"Walk In {number}", "created_at": "2020-01-01T00:00:00Z"})
    edits = iter([{"note": "seen today"}])

    def clerk(offset: int) -> None:
        if offset and (edit := next(edits, None)):
            queen.edit(victim.ids["queen"], edit)

    queen.before_page = clerk
    quiet(group)


@pytest.mark.deep
def test_a_value_that_a_walk_in_holds_is_foreseen_and_not_tried(opened: Opened) -> None:
    """C3, C4: Greenline takes no contact twice, so both profiles are named before anything is written."""
    group = opened("api", writes=True, pairing={"contact_way": "pos"})
    victim, ecom = group.people[0], group.accounts["ecom"]
    ecom.miss_push("s-queen")
    ecom.edit(victim.ids["ecom"], {"phone": "+14165550142"})
    stranger = group.accounts["queen"].add({"first_name": "Zebulon", "last_name": "Quill", "phone": "+14165550142"})
    result = group.night()
    assert finding("contact_taken", "phone", victim.at("queen"), f"queen:{stranger}") in wrong(result.report)
    assert {c.state for c in result.report.corrections if c.source == "queen"} <= {"blocked", "held"}
    assert group.written("queen") == []
