"""Groups over whole nights of an Ecwid shop and an X-Series counter, over real HTTP (X1 to X3)."""

from pathlib import Path

from connectors.sandbox import ecwid, lightspeed_x
from tests.night.pairs import Group, Known, finding, found, serving, states

PAIRING = {
    "preset": "lightspeed_x_e", "name": "web-counter", "ecom": "web", "pos": ["counter"], "observe_nights": 0,
    "fields": {"group": "ecom"}, "apply": {"set_group": "auto"},
}  # fmt: skip


def _group(folder: Path) -> Group:
    group = Group(folder, PAIRING)
    web = ecwid.Account("web", group.clock.time, group.ledger, 1)
    counter = lightspeed_x.Account("counter", group.clock.time, group.ledger, 1)
    group.open(web, {"role": "ecom", "region": "CA", "writes": True})
    group.open(counter, {"role": "pos", "region": "CA", "writes": True, "do_not_email_false": "in"})
    for _ in range(6):
        person = group.population.person("CA", rare=True, born=True)
        fields = person.fields() | {"group": "Gold"}
        group.people.append(Known(person, {"web": web.add(fields | {"orders": 1}), "counter": counter.add(fields)}))
    return group


def test_a_group_is_filled_in_and_a_conflict_is_asked_about(tmp_path: Path) -> None:
    with serving(_group(tmp_path)) as group:
        assert found(group.night(after=0).report) == set()
        lost, torn = group.people[:2]
        web, counter = group.accounts["web"], group.accounts["counter"]
        counter.edit(lost.ids["counter"], {"group": None})
        web.edit(torn.ids["web"], {"group": "Wholesale"})
        result = group.night()
        question = finding("group_conflict", "group", torn.at("web"), torn.at("counter"))
        assert found(result.report) == {
            question,
            finding("group_conflict", "group", lost.at("web"), lost.at("counter")),
        }
        assert states(result.report.corrections) == {("counter", "set_group", "verified")}
        assert counter.read(lost.ids["counter"])["group"] == "Gold"
        assert [counter.read(torn.ids["counter"])["group"], web.read(torn.ids["web"])["group"]] == ["Gold", "Wholesale"]
        again = group.night()
        assert (found(again.report), again.report.corrections) == ({question}, [])
        counter.rename_group("Gold", "GOLD ")
        assert found(group.night().report) == {question, finding("group_name", "group")}
