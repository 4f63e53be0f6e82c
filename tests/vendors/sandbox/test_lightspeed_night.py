"""Whole nights of an X-Series retailer and its Ecwid store, preset `lightspeed_x_e` (X1-X5).

Which group somebody is in is pulled and not compared yet: nights say nothing of it.
"""

import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import orjson
import pytest

from connectors.sandbox.base import Account
from jobs import snapshot
from reports.document import RunReport
from tests.night.pairs import Known
from tests.night.pairs import found as told
from tests.night.search import found, unpacked
from tests.vendors.sandbox.lightspeed_night import SENTINEL, Pair, paired


@dataclass(frozen=True, slots=True)
class Days:
    """Four nights: zero, all that happened on one day found and approved, the rest of it, and quiet."""

    pair: Pair
    who: Mapping[str, Known]
    reports: list[RunReport]
    rotated: int

    def kinds(self, night_number: int, name: str) -> set[tuple[str, str]]:
        """What a night said of a customer: kind and field."""
        own = {f"{source}:{one}" for source, one in self.who[name].ids.items()}
        return {(kind, field) for kind, field, members in told(self.reports[night_number]) if members & own}

    def wrote(self, name: str) -> dict[str, dict[str, object]]:
        """What came over the wire for a customer, per source."""
        return {
            source: done for source in self.who[name].ids if (done := wrote(self.pair).get(self.who[name].at(source)))
        }


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Days]:
    with paired(tmp_path_factory.mktemp("days") / "group", people=40) as pair:
        zero = pair.night(after=0)
        who = happened(pair)
        one = pair.night()
        done = pair.approved(one, "approval")
        pair.till.add(who["late"].person.fields() | {"created_at": None})
        two, three = pair.night(), pair.night()
        reports = [zero.report, one.report, done, two.report, three.report]
        yield Days(pair, who, reports, pair.till.access.refreshes)


def happened(pair: Pair) -> dict[str, Known]:
    """One day in both systems."""
    named = ("changed in shop", "changed at till", "changed in both", "takes another's", "deleted", "regrouped")
    who = dict(zip(named, pair.synced, strict=False)) | {"browsing": pair.browsing[0], "till only": pair.till_only[0]}
    pair.shop.edit(who["changed in shop"].ids["shop"], {"email": "shop.new@example.com"})
    pair.till.edit(who["changed at till"].ids["till"], {"email": "till.new@example.com"})
    pair.shop.edit(who["changed in both"].ids["shop"], {"email": "one@example.com"})
    pair.till.edit(who["changed in both"].ids["till"], {"email": "another@example.com"})
    pair.till.edit(who["takes another's"].ids["till"], {"email": pair.browsing[1].person.email})
    pair.till.delete(who["deleted"].ids["till"])
    late = pair.only("shop", orders=1, created_at="2025-06-01T10:00:00Z")
    today = pair.only("shop", orders=1, created_at=(pair.clock.now() + timedelta(hours=12)).isoformat())
    return who | {"late": late, "today": today}


def wrote(pair: Pair) -> dict[str, dict[str, object]]:
    """The vendors' own ledger: what came over the wire, per profile."""
    done: dict[str, dict[str, object]] = {}
    for effect in pair.ledger.effects:
        done.setdefault(f"{effect.account}:{effect.profile_id}", {}).update(effect.change)
    return done


def both(kind: str, field: str, who: Known) -> tuple[str, str, frozenset[str]]:
    return kind, field, frozenset({who.at("till"), who.at("shop")})


def test_night_zero_certifies_both_finds_nothing_and_writes_nothing(days: Days) -> None:
    """X1, X4: who agrees, who only browses and who only comes to the till are no findings."""
    zero = days.reports[0]
    assert told(zero) == set()
    assert {source.source: source.certified for source in zero.sources} == {"till": True, "shop": True}
    assert zero.corrections == []


@pytest.mark.parametrize(("name", "target", "fields"), [("changed in shop", "till", {"email"}),
                                                        ("changed at till", "shop", {"email", "contacts"})])  # fmt: skip
def test_x1_an_email_that_changed_on_one_side_is_carried_to_the_other(
    days: Days, name: str, target: str, fields: set[str]
) -> None:
    """X5, G13: who changed since both agreed wins; nothing but the email moves, and the next night is quiet."""
    assert days.kinds(1, name) == {("drift", "email")}
    done = days.wrote(name)
    assert {source: set(change) for source, change in done.items()} == {target: fields}
    emails = {
        days.pair.till.read(days.who[name].ids["till"])["email"],
        days.pair.shop.read(days.who[name].ids["shop"])["email"],
    }
    assert emails == {done[target]["email"]}
    assert days.kinds(3, name) == set()


def test_x5_an_email_that_changed_on_both_sides_is_a_persons_choice(days: Days) -> None:
    assert days.kinds(1, "changed in both") == days.kinds(4, "changed in both") == {("drift", "email")}
    assert days.wrote("changed in both") == {}


def test_c3_an_email_that_another_shop_customer_has_is_foreseen(days: Days) -> None:
    """Ecwid takes each email once; the till takes it twice."""
    assert "contact_taken" in {kind for kind, _ in days.kinds(1, "takes another's")}
    assert days.wrote("takes another's") == {}


def test_x4_who_is_in_one_system_only_is_pending_until_a_day_after_the_order(days: Days) -> None:
    """POS only, or shop only without an order: pending. An order of today: pending. Of last year: the vendor missed it."""
    missing = {("link_missing", "")}
    for name in ("till only", "browsing"):
        assert [days.kinds(number, name) for number in (1, 3, 4)] == [set(), set(), set()]
    assert [days.kinds(number, "late") for number in (1, 3)] == [missing, set()], "said until the vendor made up for it"
    assert [days.kinds(number, "today") for number in (1, 3)] == [set(), missing]
    (line,) = [f for f in days.reports[1].findings if f.members[0].id == days.who["late"].ids["shop"]]
    assert "run the vendor's backfill" in line.proposal
    assert [days.wrote(name) for name in ("late", "today")] == [{}, {}]


def test_m13_a_till_customer_who_is_deleted_never_comes_back(days: Days) -> None:
    """The shop's customer bought, so the till misses one; nothing is written to the deleted one, or created."""
    assert days.kinds(1, "deleted") == days.kinds(4, "deleted") == {("link_missing", "")}
    assert days.wrote("deleted") == {}
    assert days.pair.till.read(days.who["deleted"].ids["till"])["status"] == "deleted"


def test_nothing_was_written_to_anybody_else(days: Days) -> None:
    known = {days.who[name].at(source) for name, source in (("changed in shop", "till"), ("changed at till", "shop"))}
    assert set(wrote(days.pair)) == known


def test_tokens_rotate_from_night_to_night_and_none_is_lost(days: Days) -> None:
    assert days.rotated >= 3
    assert days.pair.till.access.spent_offers == 0
    file = days.pair.folder / "tokens" / "till-tokens.json"
    assert orjson.loads(file.read_bytes())["refresh_token"] == days.pair.till.access.refresh
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize(("out_at", "other"), [("till", "shop"), pytest.param("shop", "till", marks=pytest.mark.deep)])
def test_g9_an_opt_out_is_carried_over_and_an_opt_in_is_not(tmp_path: Path, out_at: str, other: str) -> None:
    """X1: the marketing preference; `do_not_email` and `acceptMarketing` say it with opposite words.

    That an unticked box at the till means yes is for the operator to declare; by default it is no choice (G9).
    """
    with paired(tmp_path / "group", people=8, do_not_email_false="in") as pair:
        assert told(pair.night(after=0).report) == set()
        who = pair.synced[6]
        accounts: dict[str, Account] = {"till": pair.till, "shop": pair.shop}
        accounts[out_at].edit(who.ids[out_at], {"email_consent": "out"})
        accounts[other].edit(who.ids[other], {"email_consent": "in"})
        result = pair.night()
        assert told(result.report) == {both("consent_conflict", "email_consent", who)}
        pair.approved(result, "approval")
        assert wrote(pair) == {who.at(other): {"email_consent": "out"}}
        assert accounts[out_at].read(who.ids[out_at])["email_consent"] == "out"
        assert told(pair.night().report) == set()


@pytest.mark.deep
def test_a_night_in_which_the_till_takes_our_rights_away_uses_the_last_list(tmp_path: Path) -> None:
    """403 in the middle: no certificate, findings from the last certified list, and no correction (G1)."""
    with paired(tmp_path / "group", people=8) as pair:
        pair.night(after=0)
        pair.shop.edit(pair.synced[0].ids["shop"], {"email": "shop.new@example.com"})
        pair.till.fault("scope_lost", path_contains="/customers", after=1)
        report = pair.night().report
        assert {source.source: source.certified for source in report.sources} == {"till": False, "shop": True}
        assert [c for c in report.corrections if c.state not in ("blocked", "held")] == []
        pair.till.clear_faults()
        assert told(pair.night().report) == {both("drift", "email", pair.synced[0])}


def test_g11_what_must_not_be_read_is_on_no_disk_and_in_no_snapshot(days: Days) -> None:
    """Custom fields, tax ids, documents, wish lists, notes on contacts: in every answer, and nowhere after a night."""
    assert SENTINEL in str(days.pair.till.shown(days.pair.till.row(days.pair.synced[0].ids["till"])))
    texts = unpacked(days.pair.folder)
    assert len(texts) > 5
    assert found(texts, {SENTINEL.lower().encode()}) == set()
    with days.pair.workspace() as workspace:
        for source in ("till", "shop"):
            row = workspace.state.last_certified(source)
            assert row is not None
            path = workspace.folder / row.path
            held = snapshot.read(path, workspace.vault).read_all().to_pylist()
            assert str(days.pair.synced[8].person.email) in str(held)
            assert SENTINEL not in str(held)
            assert snapshot.unknown(path, workspace.vault).num_rows == 0


def test_no_secret_and_no_customer_is_on_the_disk_in_clear(days: Days) -> None:
    secrets = {*days.pair.till.secrets().values(), *days.pair.shop.secrets().values(), days.pair.till.access.refresh}
    texts = {name: text for name, text in unpacked(days.pair.folder).items() if not name.endswith("tokens.json")}
    assert found(texts, {secret.encode() for secret in secrets}) == set()
    assert found(texts, {one.strip().lower().encode() for one in days.pair.population.sentinels}) == set()
