"""The simulated retail group: the same for the same seed, agreeing on night zero, and truthful about the plot.

`Onlooker` reads every account's canonical records and derives the findings by definition, in plain Python and without
knowing the stories: on night zero it must see nothing, after the plot exactly what the truth lists.
"""

import json
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import phonenumbers
import pytest

from connectors.sandbox.people import Population, clearly_different, spellings
from connectors.sandbox.people_words import NICKNAMES, PLAIN_NAMES
from connectors.sandbox.plot import LIMITS, STORIES, Plot, Truth, scale, times_to_play
from connectors.sandbox.world import LICENCE_SENTINEL, MARKER, STORES, World

NOON = 1_795_392_000.0
PEOPLE = 300
ADDRESS = ("street", "street_2", "city", "region", "postal_code", "country")
Finding = tuple[str, str, frozenset[str]]


def build(people: int = PEOPLE, seed: int = 7) -> World:
    return World(people, seed, lambda: NOON)


def records(world: World) -> dict[str, dict[str, Any]]:
    return dict(world.profiles())


@pytest.fixture(scope="module")
def quiet() -> World:
    return build()


@pytest.fixture(scope="module")
def told() -> tuple[World, Truth]:
    world = build()
    return world, Plot(world, seed=7).happen()


class Onlooker:
    """Every finding of the first capability, by definition, from what the accounts hold at this moment."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.all = records(world)
        standins = {f"shop:{world.default_customer}", f"till:{world.walk_in}"}
        self.in_play = {
            name: record for name, record in self.all.items() if record["status"] == "active" and name not in standins
        }
        self.pairs = list(self._stored_links())

    def _stored_links(self) -> Iterator[tuple[str, str]]:
        for name, record in self.all.items():
            source, profile_id = name.split(":")
            if source == "shop":
                yield from ((name, f"till:{till}") for till in record["links"].values())
            if source == "ecom":
                yield from ((name, f"{STORES[key]}:{pos}") for key, pos in self.world.ecom.links(profile_id).items())

    def findings(self) -> Counter[Finding]:
        sights = (
            self.drifts, self.broken_links, self.gaps, self.shared,
            self.phones, self.consents, self.newcomers, self.stand_in,
        )  # fmt: skip
        return Counter((kind, field, frozenset(members)) for sight in sights for kind, field, members in sight())

    def drifts(self) -> Iterator[tuple[str, str, tuple[str, ...]]]:
        for left, right in self._live_pairs():
            one, two = comparable(self.all[left]), comparable(self.all[right])
            for field in one:
                if one[field] and two[field] and one[field] != two[field]:
                    yield "drift", field, (left, right)
                    yield from self._taken(left, field, two[field]) if left.startswith("shop:") else ()

    def _taken(self, target: str, field: str, wanted: Any) -> Iterator[tuple[str, str, tuple[str, ...]]]:
        if field in ("phone", "email"):
            holders = [n for n, r in self.in_play.items() if n.startswith("shop:") and comparable(r)[field] == wanted]
            yield from (("contact_taken", field, (target, holder)) for holder in holders)

    def broken_links(self) -> Iterator[tuple[str, str, tuple[str, ...]]]:
        for left, right in self.pairs:
            status = self.all[right]["status"] if right in self.all else "deleted"
            if status != "active":
                yield f"link_{status}", "", (left, right)

    def gaps(self) -> Iterator[tuple[str, str, tuple[str, ...]]]:
        for left, right in self._live_pairs():
            if left.startswith("shop:") and not complete(self.all[right]):
                yield "next_order_blocked", "", (left, right)
            if left.startswith("ecom:") and MARKER not in (self.all[right]["note"] or ""):
                yield "note_missing", "note", (left, right)

    def shared(self) -> Iterator[tuple[str, str, tuple[str, ...]]]:
        for field in ("phone", "email"):
            holders: dict[str, list[str]] = defaultdict(list)
            for name, record in self.in_play.items():
                if value := comparable(record)[field]:
                    holders[value].append(name)
            for group in holders.values():
                yield from self._sharing(field, group)

    def _sharing(self, field: str, group: list[str]) -> Iterator[tuple[str, str, tuple[str, ...]]]:
        people = {name: self._first_name(name) for name in group}
        inside = defaultdict(list)
        for name in group:
            inside[name.split(":")[0]].append(name)
        for members in inside.values():
            if len({people[name] for name in members}) > 10:
                yield "placeholder", field, tuple(members)
                return
            if len(members) > 1 and len({people[name] for name in members}) == 1:
                yield f"duplicate_{field}", field, tuple(members)
        if len(set(people.values()) - {""}) > 1:
            yield "household", field, tuple(group)

    def phones(self) -> Iterator[tuple[str, str, tuple[str, ...]]]:
        for name, record in self.in_play.items():
            number = comparable(record)["phone"]
            if record["phone"] and not number:
                yield "phone_not_comparable", "phone", (name,)
            if name.startswith("uptown:") and record["email"] and not number:
                yield "login_blocked", "phone", (name,)

    def consents(self) -> Iterator[tuple[str, str, tuple[str, ...]]]:
        for left, right in self._live_pairs():
            said = (self.all[left]["email_consent"], self.all[right]["email_consent"])
            if left.startswith("shop:") and said == ("out", "in"):
                yield "consent_conflict", "email_consent", (left, right)

    def newcomers(self) -> Iterator[tuple[str, str, tuple[str, ...]]]:
        linked = {name for pair in self.pairs for name in pair}
        for name, record in self.in_play.items():
            if name.startswith("shop:") and name not in linked and record["has_purchased"]:
                found = [n for n, r in self.in_play.items() if n.startswith("till:") and same_email(r, record)]
                kind = "link_missing" if found or complete(record) else "vendor_cannot_create"
                yield "link_ambiguous" if found and not self._first_name(found[0]) else kind, "", (name, *found)
            if name.startswith("ecom:"):
                kept = self.world.ecom.links(name.removeprefix("ecom:"))
                yield from (("missing_in_store", store, (name,)) for key, store in STORES.items() if key not in kept)

    def stand_in(self) -> Iterator[tuple[str, str, tuple[str, ...]]]:
        record = self.all[f"shop:{self.world.default_customer}"]
        if not (complete(record) and record["phone"] and record["first_name"]):
            yield "default_customer", "", (f"shop:{self.world.default_customer}",)

    def _live_pairs(self) -> Iterator[tuple[str, str]]:
        return ((left, right) for left, right in self.pairs if left in self.in_play and right in self.in_play)

    def _first_name(self, name: str) -> str:
        first = (fold(self.in_play[name]["first_name"]) or "").replace("?", "")
        formal = {fold(nickname): fold(given) for given, nickname in NICKNAMES.items()}
        return formal.get(first) or first


def fold(text: str | None) -> str | None:
    """Without case, accents and stray blanks."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text or "") if not unicodedata.combining(c))
    return " ".join(bare.casefold().split()) or None


def comparable(record: dict[str, Any]) -> dict[str, Any]:
    """What drift compares; None where a side has nothing to compare (G3, G4)."""
    digits = "".join(c for c in record["phone"] or "" if c.isdigit()).removeprefix("1")
    spelled = not any(c.isalpha() for c in record["phone"] or "")
    names = {name: fold(record[name]) for name in ("first_name", "last_name", "birth_date", "email")}
    address = tuple(fold(record[part]) for part in ADDRESS) if record["street"] and record["country"] else None
    return names | {"phone": digits if spelled and len(digits) == 10 else None, "address": address}


def complete(record: dict[str, Any]) -> bool:
    return all(record[name] for name in ("email", "street", "city", "postal_code", "country"))


def same_email(one: dict[str, Any], two: dict[str, Any]) -> bool:
    return bool(one["email"]) and fold(one["email"]) == fold(two["email"])


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


def test_the_group_has_the_shares_that_it_promises(quiet: World) -> None:
    """About 55 % in each half, 10 % in both, most of them linked."""
    count = Counter(habit for each in quiet.residents for habit in each.habits)
    both = sum(len(each.habits) == 2 for each in quiet.residents)
    assert (len(quiet.residents), both) == (PEOPLE, 30)
    assert count["linked"] + count["till_only"] + count["shop_only"] == 165
    assert count["signed_up"] + count["downtown_only"] + count["uptown_only"] == 165
    assert count["linked"] > 100
    assert count["signed_up"] > 130


def test_vendors_own_constraints_hold(told: tuple[World, Truth]) -> None:
    """Shop and ECOM know each phone and email once, whatever happened (M10, C3)."""
    for source in ("shop", "ecom"):
        held = [comparable(record) for name, record in records(told[0]).items() if name.startswith(f"{source}:")]
        for field in ("phone", "email"):
            values = [record[field] for record in held if record[field]]
            assert len(values) == len(set(values)), (source, field)


def test_a_customer_of_both_halves_is_one_person_everywhere(quiet: World) -> None:
    everyone = records(quiet)
    for resident in quiet.residents:
        known = [comparable(everyone[name]) for name in resident.everywhere]
        for field in ("first_name", "last_name", "birth_date", "phone", "email"):
            assert len({record[field] for record in known} - {None}) <= 1, (resident.everywhere, field)


def test_the_plot_causes_exactly_what_the_truth_lists(told: tuple[World, Truth]) -> None:
    """Nothing is missing from the truth, secondary findings included, and nothing in it is without a cause."""
    world, truth = told
    listed = Counter((trace.kind, trace.field, frozenset(trace.members)) for trace in truth.findings())
    assert Onlooker(world).findings() == listed


@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
def test_no_seed_makes_the_truth_lie(seed: int) -> None:
    world = build(200, seed)
    assert Onlooker(world).findings() == Counter()
    truth = Plot(world, seed).happen()
    listed = Counter((trace.kind, trace.field, frozenset(trace.members)) for trace in truth.findings())
    assert Onlooker(world).findings() == listed


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
    assert set(played) == {story.name for story in STORIES}
    assert len(STORIES) == 30
    once = {story.name for story in STORIES if story.times == 1}
    assert {name for name, times in played.items() if times == 1} == once
    owner = {name: each.person.number for each in world.residents for name in each.everywhere}
    per_plant = [
        {owner[member] for trace in (plant.main, *plant.secondary) for member in trace.members if member in owner}
        for plant in truth.plants
    ]
    assert len(set().union(*per_plant)) == sum(len(people) for people in per_plant)


@pytest.mark.parametrize(("people", "wanted"), [(150, 2), (1_400, 2), (2_100, 3), (5_000, 6), (50_000, 6)])
def test_the_plot_stays_below_the_breakers(people: int, wanted: int) -> None:
    """At most 20 updates, 2 creates and 6 opt-outs per source, whatever the size of the group."""
    times = times_to_play(STORIES, scale(people))
    spent = Counter[str]()
    for story in STORIES:
        assert 1 <= times[story.name] <= wanted
        spent.update({cost: each * times[story.name] for cost, each in story.costs.items()})
    assert spent
    assert all(total <= LIMITS[cost.split(" ")[0]] for cost, total in spent.items())
    assert {cost.split(" ")[0] for cost in spent} == set(LIMITS)


def test_a_world_too_small_for_the_plot_says_so() -> None:
    with pytest.raises(ValueError, match=r"nobody 'linked' is left .* among 20 people: build a world of at least 150"):
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


def test_sources_are_complete_and_serve(quiet: World) -> None:
    """Entries have all that a configuration needs; secrets are only named in them."""
    quiet.start()
    try:
        sources = quiet.sources()
        assert list(sources) == ["shop", "till", "ecom", "downtown", "uptown"]
        assert {name: entry["role"] for name, entry in sources.items() if entry["role"] == "ecom"}.keys() == {
            "shop",
            "ecom",
        }
        assert all(entry["base_url"].startswith("http://127.0.0.1:") and entry["writes"] for entry in sources.values())
        assert sources["shop"]["default_customer"] == quiet.default_customer
        assert sources["shop"]["link_keys"] == {"rollcall.till": "till"}
        assert sources["till"]["ignore"] == [quiet.walk_in]
        assert set(sources["ecom"]["link_keys"].values()) == {"downtown", "uptown"}
        assert [name for name, entry in sources.items() if entry.get("logins")] == ["uptown"]
        assert not [value for value in quiet.secrets().values() if value in json.dumps(sources)]
    finally:
        quiet.stop()


def test_one_account_that_cannot_start_leaves_none_running(monkeypatch: pytest.MonkeyPatch) -> None:
    world, ended = build(20), list[str]()

    def refuse() -> str:
        raise OSError("no port is left")

    def noted(name: str, stop: Callable[[], None]) -> Callable[[], None]:
        def end() -> None:
            ended.append(name)
            stop()

        return end

    monkeypatch.setattr(world.downtown, "start", refuse)
    for name, account in world.accounts.items():
        monkeypatch.setattr(account, "stop", noted(name, account.stop))
    with pytest.raises(OSError, match="no port is left"):
        world.start()
    assert set(ended) == set(world.accounts)


def test_seeding_and_plotting_leave_the_ledger_to_the_wire(told: tuple[World, Truth]) -> None:
    """Only Mission Control's own pushes to a store are entered (C2); no HTTP write is made up."""
    assert {effect.method for effect in told[0].ledger.effects} <= {"PUSH"}
