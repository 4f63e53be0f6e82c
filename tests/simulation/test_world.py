"""The simulated retail group: the same for the same seed, agreeing on night zero, and truthful about the plot.

What `Onlooker` derives from the accounts' records by definition must be nothing on night zero, and after the plot exactly
what the truth lists.
"""

import json
from collections import Counter
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import phonenumbers
import pytest

from connectors.sandbox.people import Population, clearly_different, spellings
from connectors.sandbox.people_words import PLAIN_NAMES
from connectors.sandbox.plot import LIMITS, STORIES, Plot, Truth, scale, times_to_play
from connectors.sandbox.plot.stage import Stage
from connectors.sandbox.world import LICENCE_SENTINEL, PAIRS, World
from tests.simulation.onlooker import Onlooker, comparable, records

NOON = 1_795_392_000.0
PEOPLE = 300
CONTACTS = ("phone", "email")


def build(people: int = PEOPLE, seed: int = 7) -> World:
    return World(people, seed, lambda: NOON)


@pytest.fixture(scope="module")
def quiet() -> World:
    return build()


@pytest.fixture(scope="module")
def told() -> tuple[World, Truth]:
    world = build()
    return world, Plot(world, seed=7).happen()


def test_the_same_seed_gives_the_same_people_and_another_seed_others(quiet: World) -> None:
    """G7: a rehearsal can be repeated record by record."""
    assert records(build()) == records(quiet)
    assert records(build(seed=8)) != records(quiet)


def test_the_same_seed_gives_the_same_truth(told: tuple[World, Truth]) -> None:
    again = build()
    assert Plot(again, seed=7).happen() == told[1]
    assert records(again) == records(told[0])
    assert Plot(build(), seed=8).happen() != told[1]


def test_a_population_repeats_no_contact_and_dials_like_north_america() -> None:
    """Beyond the hundred fiction numbers of each area code the rest of exchange 555 is used, still possible numbers."""
    population = Population(3, lambda: NOON)
    people = [population.person("CA") for _ in range(4_200)]
    phones = [person.phone for person in people]
    assert len(set(phones)) == len(phones)
    assert len({person.email for person in people}) == len(people)
    assert all(phone and phone[5:8] == "555" for phone in phones)
    assert sum(phone is not None and phone[8:10] == "01" for phone in phones) == 4_000
    assert all(phonenumbers.is_possible_number(phonenumbers.parse(phone or "")) for phone in phones)


def test_every_spelling_of_a_phone_is_the_same_number() -> None:
    """G3."""
    parsed = {phonenumbers.parse(text, "CA").national_number for text in spellings("+16135550117")}
    assert parsed == {6135550117}


def test_plain_names_make_a_placeholder_of_clearly_different_people_possible() -> None:
    """G5, G6: any name that a stranger gets must differ from the customer's, and a dozen from one another."""
    assert not clearly_different("William", "Bill")
    assert not clearly_different("Zofia", "Zoë")
    population, names = Population(1, lambda: NOON), list[str]()
    for _ in range(12):
        names.append(population.stranger("CA", names).first_name)
    assert all(clearly_different(one, two) for one, two in combinations(names, 2))
    with pytest.raises(ValueError, match="add to PLAIN_NAMES"):
        population.stranger("CA", PLAIN_NAMES)


def test_night_zero_is_quiet(quiet: World) -> None:
    """Undisturbed, no finding of any kind follows from the accounts' records."""
    assert Onlooker(quiet).findings() == Counter()


def test_the_till_keeps_text_that_differs_though_the_customers_agree(quiet: World) -> None:
    """G3, G4: night zero must not be quiet because everything is spelled alike."""
    till = [record for name, record in records(quiet).items() if name.startswith("till:")]
    assert len({"".join("9" if c.isdigit() else c for c in record["phone"] or "") for record in till}) >= 6
    assert any(record["first_name"] != record["first_name"].strip() for record in till)
    assert any(record["last_name"].isupper() for record in till)
    assert any(record["email"] and record["email"] != record["email"].lower() for record in till)


@pytest.mark.parametrize("pairs", [PAIRS, ("mortar", "blaze"), ("lightspeed",)], ids=len)
def test_the_group_has_the_shares_that_it_promises(pairs: tuple[str, ...]) -> None:
    """Halves of equal size, 10 % of the people in two of them, most of them linked."""
    world = World(PEOPLE, 7, lambda: NOON, pairs)
    count = Counter(habit for each in world.residents for habit in each.habits)
    both = sum(len(each.habits) == 2 for each in world.residents)
    assert (len(world.residents), both) == (PEOPLE, 30 if len(pairs) > 1 else 0)
    assert list(world.halves) == list(pairs)
    for half in world.halves.values():
        inside = [count[habit] for habit in half.shares]
        assert sum(inside) == pytest.approx((PEOPLE + both) / len(pairs), abs=1 + both / 6)
        assert inside[0] > 0.65 * sum(inside)


def test_every_two_halves_share_somebody(quiet: World) -> None:
    sources = {name: set(half.shares) for name, half in quiet.halves.items()}
    shared = {
        frozenset(name for name in sources if sources[name] & each.habits)
        for each in quiet.residents
        if len(each.habits) == 2
    }
    assert len(shared) == 6


def test_a_half_that_is_not_there_says_so() -> None:
    world = World(80, 1, lambda: NOON, pairs=("outlet",))
    assert list(world.accounts) == ["outlet", "register"]
    assert Onlooker(world).findings() == Counter()
    with pytest.raises(LookupError, match="no mortar, only outlet"):
        _ = world.mortar
    with pytest.raises(ValueError, match="there is no pair brick, only mortar, "):
        World(80, 1, lambda: NOON, pairs=("brick",))


def test_a_group_has_as_many_treez_stores_as_are_wanted() -> None:
    """T2: every customer has a profile in each of them."""
    world = World(80, 1, lambda: NOON, pairs=("blaze",), stores=5)
    assert list(world.accounts) == ["ecom", "downtown", "uptown", "store-3", "store-4", "store-5", "midtown"]
    everywhere = [each for each in world.residents if "ecom" in each.ids]
    assert len(everywhere) > 60
    assert {frozenset(each.ids) for each in everywhere} == {frozenset(world.accounts)}
    assert Onlooker(world).findings() == Counter()


def test_vendors_own_constraints_hold(told: tuple[World, Truth]) -> None:
    """Shops and ECOM know each phone and email once, Ecwid each email, whatever happened (M10, C3)."""
    for source, fields in {"shop": CONTACTS, "outlet": CONTACTS, "ecom": CONTACTS, "web": ("email",)}.items():
        held = [comparable(record) for name, record in records(told[0]).items() if name.startswith(f"{source}:")]
        for field in fields:
            values = [record[field] for record in held if record[field]]
            assert len(values) == len(set(values)), (source, field)


def test_a_customer_of_both_halves_is_one_person_everywhere(quiet: World) -> None:
    everyone = records(quiet)
    for resident in quiet.residents:
        known = [comparable(everyone[name]) for name in resident.everywhere if not name.startswith("web:")]
        for field in ("first_name", "last_name", "birth_date", "phone", "email"):
            assert len({record[field] for record in known} - {None}) <= 1, (resident.everywhere, field)


def test_the_plot_causes_exactly_what_the_truth_lists(quiet: World, told: tuple[World, Truth]) -> None:
    """Nothing is missing from the truth, secondary findings included, and nothing in it is without a cause."""
    world, truth = told
    listed = Counter((trace.kind, trace.field, frozenset(trace.members)) for trace in truth.findings())
    assert Onlooker(world, records(quiet)).findings() == listed


@pytest.mark.parametrize(
    ("people", "seed"), [(150, 1), (200, 2), (250, 3), (300, 4), pytest.param(1_500, 5, marks=pytest.mark.deep)]
)
def test_no_seed_makes_the_truth_lie(people: int, seed: int) -> None:
    world = build(people, seed)
    before = records(world)
    assert Onlooker(world).findings() == Counter()
    truth = Plot(world, seed).happen()
    listed = Counter((trace.kind, trace.field, frozenset(trace.members)) for trace in truth.findings())
    assert Onlooker(world, before).findings() == listed


def test_members_of_the_truth_exist_but_for_merged_away_ids(told: tuple[World, Truth]) -> None:
    """Heartland forgets a merged-away id (M12); every other member can be read."""
    world, truth = told
    known = records(world)
    lost = [(t.kind, t.members[1]) for t in truth.findings() for member in t.members if member not in known]
    assert len(lost) == 2
    assert {kind for kind, _ in lost} == {"link_deleted"}
    assert all(member.startswith("till:") for _, member in lost)


def test_every_story_plays_and_victims_are_disjoint(told: tuple[World, Truth]) -> None:
    world, truth = told
    played = Counter(plant.story for plant in truth.plants)
    found = [story for story in STORIES if story.expects != "nothing"]
    assert set(played) == {story.name for story in found}
    assert (len(STORIES), len(found)) == (84, 74)
    assert len({story.name for story in STORIES}) == len(STORIES)
    once = {story.name for story in found if story.times == 1}
    assert {name for name, times in played.items() if times == 1} == once
    owner = {name: each.person.number for each in world.residents for name in each.everywhere}
    per_plant = [
        {owner[member] for trace in (plant.main, *plant.secondary) for member in trace.members if member in owner}
        for plant in truth.plants
    ]
    assert len(set().union(*per_plant)) == sum(len(people) for people in per_plant)


def test_what_must_not_be_found_has_happened_all_the_same() -> None:
    """A story that expects nothing is worth something only if it changed what a vendor holds, or who is there."""
    world = build(150)
    stage, calm = Stage(world, 7), [story for story in STORIES if story.expects == "nothing"]
    for story in calm:
        marks, before = stamps(world), records(world)
        assert stage.play(story) is None
        assert (stamps(world), records(world)) != (marks, before), story.name
    assert Onlooker(world).findings() == Counter()
    assert {story.half for story in calm} == {"blaze", "lightspeed", "outlet"}


def stamps(world: World) -> list[str]:
    """When the vendor last touched each profile of the register and of Greenline: an archive undone leaves nothing else."""
    rows = world.outlet.register.books.customers.values()
    return [str(world.blaze.midtown.records.order(with_archived=True)), *(str(row["timeStamp"]) for row in rows)]


@pytest.mark.parametrize(("people", "wanted"), [(150, 1), (1_400, 2), (2_100, 3), (5_000, 6), (50_000, 6)])
def test_the_plot_stays_below_the_breakers(people: int, wanted: int) -> None:
    """At most 20 updates, 2 creates and 6 opt-outs per source, whatever the size of the group."""
    times = times_to_play(STORIES, scale(people, 4))
    spent = Counter[str]()
    for story in STORIES:
        assert 1 <= times[story.name] <= wanted
        spent.update({cost: each * times[story.name] for cost, each in story.costs.items()})
    assert spent
    assert all(total <= LIMITS[cost.split(" ")[0]] for cost, total in spent.items())
    assert {cost.split(" ")[0] for cost in spent} == set(LIMITS)


def test_a_world_too_small_for_the_plot_says_so() -> None:
    with pytest.raises(ValueError, match=r"nobody 'linked' is left .* among 20 people: build a larger world"):
        Plot(build(20), seed=1).happen()


def test_the_truth_is_written_as_ids_without_values(told: tuple[World, Truth], tmp_path: Path) -> None:
    """The truth lies beside the score: it may hold nobody's data."""
    world, truth = told
    truth.write(tmp_path / "truth.json")
    text = (tmp_path / "truth.json").read_text(encoding="utf-8")
    plants = json.loads(text)
    assert len(plants) == len(truth.plants)
    assert set(plants[0]) == {"kind", "field", "members", "story", "secondary", "expects"}
    taken = next(plant for plant in plants if plant["kind"] == "contact_taken")
    assert [each["kind"] for each in taken["secondary"]] == ["drift", "household"]
    assert not [sentinel for sentinel in world.sentinels() if sentinel in text]


def test_sentinels_are_in_the_accounts_and_the_plot_touches_them(told: tuple[World, Truth]) -> None:
    """A leak check is worth something only if the watched values travel through findings and corrections."""
    world, truth = told
    watched = set(world.sentinels())
    known = records(world)
    assert LICENCE_SENTINEL in watched
    assert any(phone in watched for record in known.values() if (phone := record["phone"]))
    bearers = {name for name, record in known.items() if (record["last_name"] or "").strip() in watched}
    touched = {story.story for story in truth.plants if bearers & set(story.main.members)}
    assert len(touched) > len(STORIES) / 2


def test_every_new_vendor_holds_what_no_disk_may_hold(told: tuple[World, Truth]) -> None:
    """G11: a licence, a tax number, a document in the vendor's own records, woven of a sentinel that leak tests look for."""
    world, _ = told
    lightspeed, register = world.lightspeed, world.outlet.register
    rows = {
        "counter": next(iter(lightspeed.counter.books.customers.rows.values())),
        "web": next(iter(lightspeed.web.books.customers.values())),
        "register": next(iter(register.books.customers.values())),
        "midtown": next(iter(world.blaze.midtown.records.rows.values())),
    }
    assert LICENCE_SENTINEL in world.sentinels()
    assert [name for name, row in rows.items() if LICENCE_SENTINEL not in str(row)] == []


def test_sources_are_complete_and_serve(quiet: World) -> None:
    """Entries have all that a configuration needs; secrets are only named in them."""
    quiet.start()
    try:
        sources = quiet.sources()
        assert {name: entry["kind"] for name, entry in sources.items()} == {
            "shop": "shopify", "till": "heartland", "ecom": "blaze_ecom", "downtown": "treez", "uptown": "treez",
            "midtown": "greenline", "web": "ecwid", "counter": "lightspeed_x", "outlet": "shopify",
            "register": "lightspeed_r",
        }  # fmt: skip
        assert {name for name, entry in sources.items() if entry["role"] == "ecom"} == {"shop", "ecom", "web", "outlet"}
        assert all(entry["base_url"].startswith("http://127.0.0.1:") and entry["writes"] for entry in sources.values())
        assert sources["shop"]["default_customer"] == quiet.mortar.default_customer
        assert sources["shop"]["link_keys"] == {"rollcall.till": "till"}
        assert sources["till"]["ignore"] == [quiet.mortar.walk_in]
        assert set(sources["ecom"]["link_keys"].values()) == {"downtown", "uptown", "midtown"}
        assert [name for name, entry in sources.items() if entry.get("logins")] == ["uptown"]
        assert not [value for value in quiet.secrets().values() if value in json.dumps(sources)]
        tokens = Path(sources["register"]["tokens"]["file"])
        assert tokens.stat().st_mode & 0o777 == 0o600
    finally:
        quiet.stop()
    assert not tokens.exists()


def test_one_account_that_cannot_start_leaves_none_running(monkeypatch: pytest.MonkeyPatch) -> None:
    world, ended = build(20), list[str]()

    def refuse() -> str:
        raise OSError("no port is left")

    def noted(name: str, stop: Callable[[], None]) -> Callable[[], None]:
        def end() -> None:
            ended.append(name)
            stop()

        return end

    monkeypatch.setattr(world.blaze.treez["downtown"], "start", refuse)
    for name, account in world.accounts.items():
        monkeypatch.setattr(account, "stop", noted(name, account.stop))
    with pytest.raises(OSError, match="no port is left"):
        world.start()
    assert set(ended) == set(world.accounts)


def test_seeding_and_plotting_leave_the_ledger_to_the_wire(told: tuple[World, Truth]) -> None:
    """Only Mission Control's own pushes to a store are entered (C2); no HTTP write is made up."""
    assert {effect.method for effect in told[0].ledger.effects} <= {"PUSH"}
