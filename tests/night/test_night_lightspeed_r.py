"""Whole nights of a Shopify shop with an R-Series till under the preset `mortar`, over real HTTP."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connectors.sandbox import lightspeed_r, shopify
from tests.night.pairs import Group, Known, NightZero, finding, found, serving, states
from tests.night.search import unpacked

AUTO = {"drift": "auto", "relink": "auto", "add_tag": "auto", "opt_out": "auto"}
PAIRING = {
    "preset": "mortar",
    "name": "online-till",
    "ecom": "shop",
    "pos": ["till"],
    "observe_nights": 0,
    "apply": AUTO,
}

Opened = Callable[..., Group]


def group_of(folder: Path, **more: Any) -> Group:
    """Twenty people, each with a customer in the shop and the linked one at the till; they agree on everything."""
    quirks = more.pop("quirks", {})
    group = Group(folder, PAIRING)
    shop = shopify.Account("shop", group.clock.time, group.ledger, 1, link_keys={"rollcall.till": "till"})
    till = lightspeed_r.Account("till", group.clock.time, group.ledger, 1, token_folder=folder, **quirks)
    group.open(shop, {"role": "ecom", "region": "CA", "writes": True})
    group.open(till, {"role": "pos", "region": "CA", "writes": True, **more})
    for _ in range(20):
        enter(group, group.population.person("CA", rare=True, born=True))
    return group


def enter(group: Group, person: Any) -> Known:
    fields = person.fields()
    till = group.accounts["till"].add({**fields, "tags": "Shopify"})
    shop = group.accounts["shop"].add({**fields, "orders": 2, "links": {"till": till}})
    group.people.append(Known(person, {"shop": shop, "till": till}))
    return group.people[-1]


@pytest.fixture(scope="module")
def night_zero(tmp_path_factory: pytest.TempPathFactory) -> NightZero:
    return NightZero(tmp_path_factory.mktemp("zero"))


@pytest.fixture
def opened(tmp_path: Path, night_zero: NightZero) -> Iterator[Opened]:
    contexts: list[Any] = []

    def open_one(**more: Any) -> Group:
        contexts.append(serving(group_of(tmp_path, **more)))
        group: Group = contexts[-1].__enter__()
        night_zero.of(group, str(sorted(more.items())))
        return group

    yield open_one
    for context in contexts:
        context.__exit__(None, None, None)


@pytest.fixture
def group(opened: Opened) -> Group:
    """After a night zero that found nothing."""
    return opened()


def till_of(group: Group) -> Any:
    return group.accounts["till"]


def quiet(group: Group) -> None:
    """The next night finds nothing and plans nothing."""
    result = group.night()
    assert (found(result.report), result.report.corrections) == (set(), [])


def test_drift_is_written_by_the_way_of_each_vendor_and_settles(group: Group) -> None:
    """M7, G13: the side that changed wins; the till's ledger shows exactly what changed (birth dates: local midnight)."""
    one, two, three, four = group.people[:4]
    shop, till = group.accounts["shop"], till_of(group)
    shop.edit(one.ids["shop"], {"email": "new@example.com"})
    shop.edit(two.ids["shop"], {"birth_date": "1991-07-31"})
    moved = {
        "street": "9 Side St",
        "street_2": None,
        "city": "Hull",
        "region": "QC",
        "postal_code": "J0J 0J0",
        "country": "CA",
    }
    shop.edit(three.ids["shop"], moved)
    till.edit(four.ids["till"], {"phone_raw": "1 (613) 555-0142"})
    result = group.night()
    assert found(result.report) == {
        finding("drift", "email", one.at("shop"), one.at("till")),
        finding("drift", "birth_date", two.at("shop"), two.at("till")),
        finding("drift", "address", three.at("shop"), three.at("till")),
        finding("drift", "phone", four.at("shop"), four.at("till")),
    }
    written = dict(group.written("till"))
    assert written.keys() == {one.ids["till"], two.ids["till"], three.ids["till"]}
    assert written[one.ids["till"]] == {"email": "new@example.com"}
    assert written[two.ids["till"]] == {"birth_date": "1991-07-31"}
    assert written[three.ids["till"]].keys() <= moved.keys()
    assert shop.read(four.ids["shop"])["phone"] == "+16135550142"
    quiet(group)


def test_an_archived_link_moves_to_the_first_that_matches_and_a_restored_one_is_a_duplicate(group: Group) -> None:
    """M12, M13: relinked meanwhile, so there is a duplicate to look at, and the link stays where it is."""
    victim, till = group.people[0], till_of(group)
    till.archive(victim.ids["till"])
    again = till.add({**victim.person.fields(), "tags": "Shopify"})
    result = group.night()
    assert found(result.report) == {finding("link_archived", "", *map(victim.at, ("shop", "till")))}
    assert states(result.report.corrections) == {("shop", "relink", "verified")}
    assert group.accounts["shop"].read(victim.ids["shop"])["links"] == {"till": again}
    quiet(group)
    till.restore(victim.ids["till"])
    back = group.night().report
    assert {kind for kind, _, _ in found(back)} <= {"duplicate_email", "duplicate_phone", "link_restored"}
    twice = frozenset({victim.at("till"), f"till:{again}"})
    assert {members for _, _, members in found(back)} == {twice, twice | {victim.at("shop")}}
    assert group.accounts["shop"].read(victim.ids["shop"])["links"] == {"till": again}


@pytest.mark.deep
def test_a_restored_profile_is_taken_back(group: Group) -> None:
    """M13: nobody else matched and nothing was approved, so the earlier link is good again."""
    victim, till = group.people[0], till_of(group)
    till.archive(victim.ids["till"])
    assert found(group.night().report) == {finding("link_archived", "", *map(victim.at, ("shop", "till")))}
    till.restore(victim.ids["till"])
    result = group.night()
    assert found(result.report) == {finding("link_restored", "", *map(victim.at, ("shop", "till")))}
    assert group.written("till") == group.written("shop") == []


@pytest.mark.deep
def test_archived_for_good_is_created_anew_with_three_flags_that_say_no(group: Group) -> None:
    """M6, M12, G9, G14: only with a person's yes; what nobody said is no consent."""
    victim, till = next(p for p in group.people if p.person.email_consent != "out"), till_of(group)
    till.archive(victim.ids["till"])
    result = group.night()
    assert ("till", "create", "held") in states(result.report.corrections)
    assert group.written("till") == []
    report = group.approved(result, "approval")
    assert states(report.corrections) == {("till", "create", "verified"), ("shop", "relink", "verified")}
    ((made, said),) = group.written("till")
    assert {said[flag] for flag in ("noEmail", "noPhone", "noMail")} == {True}
    assert (said["email"], said["phone"], said["tags"]) == (victim.person.email, victim.person.phone, "Shopify")
    assert said["birth_date"] == victim.person.birth_date
    assert group.accounts["shop"].read(victim.ids["shop"])["links"] == {"till": made}
    quiet(group)


@pytest.mark.deep
def test_an_anonymised_customer_is_gone_and_never_matched(group: Group) -> None:
    """G10: archived under the name `Customer` `[id]`, which is no profile to link to or to restore."""
    victim = group.people[0]
    till_of(group).anonymise(victim.ids["till"])
    result = group.night()
    assert found(result.report) == {finding("link_deleted", "", *map(victim.at, ("shop", "till")))}
    assert not [c for c in result.report.corrections if c.profile_id == victim.ids["till"]]


@pytest.mark.deep
@pytest.mark.parametrize(
    ("channel", "flag"), [("email", "noEmail"), pytest.param("sms", "noPhone", marks=pytest.mark.deep)]
)
def test_an_opt_out_of_the_shop_is_carried_to_the_till(group: Group, channel: str, flag: str) -> None:
    """G9, M11: R-Series keeps email and SMS; the flag reads unknown afterwards, and that settles."""
    name = f"{channel}_consent"
    victim = next(p for p in group.people if getattr(p.person, name) == "in")
    group.accounts["shop"].edit(victim.ids["shop"], {name: "out"})
    result = group.night()
    assert found(result.report) == {finding("consent_conflict", name, *map(victim.at, ("shop", "till")))}
    assert group.written("till") == [(victim.ids["till"], {name: "out", flag: True})]
    quiet(group)


@pytest.mark.deep
@pytest.mark.parametrize("means", [pytest.param("unknown", marks=pytest.mark.deep), "out"])
def test_a_flag_at_the_till_says_no_only_where_the_group_says_so(opened: Opened, means: str) -> None:
    """G9: the flag is also the creation default, so by itself it opts nobody out anywhere; `no_contact_means: out` does."""
    group = opened(no_contact_means=means)
    victim = next(p for p in group.people if p.person.email_consent == "in")
    till_of(group).edit(victim.ids["till"], {"email_consent": "out"})
    pair = finding("consent_conflict", "email_consent", *map(victim.at, ("shop", "till")))
    assert found(group.night().report) == ({pair} if means == "out" else set())
    assert group.accounts["shop"].read(victim.ids["shop"])["email_consent"] == ("out" if means == "out" else "in")
    quiet(group)


@pytest.mark.deep
def test_a_merge_at_the_till_leaves_an_archived_link(group: Group) -> None:
    """M12: the vendor's merge archives the other and points nowhere."""
    victim, till = group.people[0], till_of(group)
    survivor = till.add({**victim.person.fields(), "tags": "Shopify"})
    till.merge(victim.ids["till"], survivor)
    result = group.night()
    assert found(result.report) == {finding("link_archived", "", *map(victim.at, ("shop", "till")))}
    assert group.accounts["shop"].read(victim.ids["shop"])["links"] == {"till": survivor}
    quiet(group)


def test_tokens_rotate_between_nights_and_in_their_middle(group: Group) -> None:
    """A token that ends while the list is read costs a refresh and nothing else; the file holds the new pair."""
    file = till_of(group).token_file
    kept = file.read_bytes()
    till_of(group).fault("token_expired", path_contains="Customer", after=1)
    quiet(group)
    assert file.read_bytes() != kept
    refreshes = till_of(group).access.refreshes
    quiet(group)
    assert till_of(group).access.refreshes == refreshes + 1, "an hour is over after a day"


@pytest.mark.parametrize(
    "fault",
    [
        "scope_lost",
        pytest.param("stop_at_page", marks=pytest.mark.deep),
        pytest.param("lying_count", marks=pytest.mark.deep),
    ],
)
def test_an_incomplete_till_is_no_certificate_and_nothing_is_concluded(group: Group, fault: Any) -> None:
    """G1: yesterday's list is shown with its age, and nothing is written."""
    group.accounts["shop"].edit(group.people[0].ids["shop"], {"email": "new@example.com"})
    lies = {"when": lambda request: request.arg("count") == "1"} if fault == "lying_count" else {}
    if fault == "stop_at_page":
        for _ in range(101):
            till_of(group).add(replace(group.population.person("CA"), email_consent="unknown").fields())
    till_of(group).fault(fault, path_contains="Customer", after=0 if lies else 1, times=2, **lies)
    result = group.night()
    assert result.exit_code == 3
    assert group.written("till") == group.written("shop") == []


def test_what_must_not_be_kept_is_nowhere_on_the_disk(opened: Opened, tmp_path: Path) -> None:
    """G11: a licence in a custom field, a VAT number and a gift card's code are in the vendor's answers alone."""
    group = opened(quirks={"sentinel": "NOBODYS-LICENCE"})
    till_of(group).edit(group.people[0].ids["till"], {"balance": 12.5})
    group.night()
    for name, content in unpacked(tmp_path).items():
        assert b"NOBODYS-LICENCE" not in content, name


@pytest.mark.deep
def test_a_customer_of_the_till_who_bought_online_is_linked_and_a_stranger_is_created(group: Group) -> None:
    """M1, M2, M6: R-Series asks for no address, so nobody is kept out for the lack of one (M8 is Heartland's)."""
    known, stranger = (group.population.person("CA", rare=True, born=True) for _ in range(2))
    there = till_of(group).add({**known.fields(), "tags": "Shopify"})
    nowhere = dict.fromkeys(("street", "street_2", "city", "region", "postal_code", "country"))
    bought = [group.accounts["shop"].add({**who.fields(), **nowhere, "orders": 1}) for who in (known, stranger)]
    result = group.night()
    links = {
        finding("link_missing", "", f"shop:{bought[0]}", f"till:{there}"),
        finding("link_missing", "", f"shop:{bought[1]}"),
    }
    assert {one for one in found(result.report) if one[0] != "drift"} == links
    group.approved(result, "approval")
    made = group.accounts["shop"].read(bought[1])["links"]["till"]
    assert group.accounts["shop"].read(bought[0])["links"] == {"till": there}
    assert till_of(group).read(made)["email"] == stranger.email
    assert till_of(group).read(there)["street"] == known.address.street, "a blank never erases (G13)"
