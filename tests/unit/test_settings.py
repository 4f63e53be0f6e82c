"""The configuration: closed, typed, free of secrets, and plain about what is wrong (interfaces, config.yaml)."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.base import Secret, VendorError
from connectors.kinds import connector_class, kinds
from jobs.errors import ConfigError
from jobs.policy import ACTIONS, DRIFT_FIELDS, PRESETS
from jobs.settings import Limits, Settings, load, parse

ROOT = Path(__file__).parent.parent.parent

SMALL = """
group: harbor
sources:
  shop: {kind: table, role: ecom, path: shop.csv}
  till: {kind: table, role: pos, path: till.csv}
pairings:
  - {ecom: shop, pos: [till]}
"""


def settings(tmp_path: Path, text: str) -> Settings:
    path = tmp_path / "config.yaml"
    path.write_text(text, encoding="utf-8")
    return load(path)


def refusal(tmp_path: Path, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        settings(tmp_path, text)
    assert caught.value.exit_code == 2
    return str(caught.value)


def test_the_repository_s_configuration_is_valid() -> None:
    found = load(ROOT / "config.yaml")
    assert {name: source.kind for name, source in found.sources.items()} == {
        "shop": "shopify", "till": "heartland", "ecom": "blaze_ecom", "downtown": "treez", "uptown": "treez",
        "midtown": "greenline", "web": "ecwid", "counter": "lightspeed_x", "outlet": "shopify", "register": "lightspeed_r",
    }  # fmt: skip
    assert [p.id for p in found.pairings] == ["online-till", "menu-stores", "web-counter", "outlet-register"]
    assert found.sources["uptown"].logins == "treez_ecommerce"
    assert found.sources["downtown"].logins == "none"


def test_one_source_and_no_pairing_is_a_configuration(tmp_path: Path) -> None:
    found = settings(tmp_path, "group: g\nsources:\n  till: {kind: table, role: pos, path: a.csv}\n")
    assert found.pairings == ()


def test_places_are_relative_to_the_file(tmp_path: Path) -> None:
    found = settings(tmp_path, SMALL)
    assert found.workspace == tmp_path / "data"
    assert found.state == f"sqlite:///{tmp_path / 'data/state.db'}"
    assert found.key.file == tmp_path / "data/rollcall.key"
    assert found.sources["shop"].path == tmp_path / "shop.csv"


@pytest.mark.parametrize(
    ("written", "meant"), [("till.json", "{here}/till.json"), ("/run/till.json", "/run/till.json"), ("~/t.json", "{home}/t.json")]
)  # fmt: skip
def test_the_file_of_rotating_tokens_is_beside_the_configuration(tmp_path: Path, written: str, meant: str) -> None:
    lines = ["group: g", "sources:", "  till:", "    {kind: lightspeed_x, role: pos, base_url: https://x.example.com,",
             f"     client_id: c, client_secret: {{env: S}}, tokens: {{file: {written}}}}}"]  # fmt: skip
    tokens = getattr(settings(tmp_path, "\n".join(lines)).sources["till"], "tokens", None)
    assert tokens is not None
    assert str(tokens.file) == meant.format(here=tmp_path, home=Path.home())


@pytest.mark.parametrize(
    ("written", "where", "meant"),
    [
        (SMALL + "shedule: {at: '04:15'}\n", "shedule", "schedule"),
        (SMALL.replace("path: till.csv", "pth: till.csv"), "sources.till.pth", "path"),
        (
            SMALL.replace("pos: [till]}", "pos: [till], observe_night: 0}"),
            "pairings (entry 1).observe_night",
            "observe_nights",
        ),
        (SMALL + "limits: {shrnk: 5 %}\n", "limits.shrnk", "shrink"),
        (SMALL + "match: {placeholders: {lst: []}}\n", "match.placeholders.lst", "list"),
        (SMALL.replace("pos: [till]}", "pos: [till], apply: {drft: auto}}"), "drft", "drift"),
        (SMALL.replace("pos: [till]}", "pos: [till], fields: {phne: ask}}"), "phne", "phone"),
        (SMALL.replace("pos: [till]", "pos: [tills]"), "tills", "till"),
    ],
)
def test_an_unknown_word_is_refused_with_its_place_and_the_nearest_known_one(
    tmp_path: Path, written: str, where: str, meant: str
) -> None:
    text = refusal(tmp_path, written)
    assert where in text
    assert f"did you mean '{meant}'?" in text


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("group: [", "not readable as YAML"),
        ("- a\n- b\n", "expected keys"),
        ("? [a]\n: b\n", "a key is a word"),
        ("group: g\nsources: [a]\n", "a name and its settings per source"),
        ("a: " + "[" * 3000, "nested too deeply, line 1"),
        ("a: " + "[" * 100_000 + "]" * 100_000, "nested too deeply"),
        ("- " * 100_000, "nested too deeply"),
        (SMALL + "group: other\n", "given twice"),
        (SMALL.replace("path: till.csv", "path: shop.csv"), "read the same file shop.csv"),
        (SMALL.replace("kind: table, role: pos", "kind: tabel, role: pos"), "no connector for kind 'tabel'"),
        (SMALL.replace("kind: table, role: pos, ", "role: pos, "), "needs a `kind:`"),
        (SMALL.replace("  till: {", "  Till: {"), "lower-case"),
        (SMALL.replace("role: pos", "role: ecom"), "has role ecom, not pos"),
        (SMALL + "  - {ecom: shop, pos: [till]}\n", "same name"),
        (SMALL + "time_zone: Amerika/Nowhere\n", "no time zone"),
        (SMALL + "schedule: {at: '25:00'}\n", "schedule.at"),
        (SMALL + "schedule: {grace: 6}\n", "a number with a unit"),
        (SMALL + "limits: {shrink: 5}\n", "with its sign"),
        (SMALL + "limits: {shrink: 500 %}\n", "limits.shrink"),
        (SMALL + "key: {file: a, env: B}\n", "one place"),
        ("group: g\n", "sources"),
    ],
)
def test_what_cannot_be_used_is_said_in_a_sentence(tmp_path: Path, written: str, says: str) -> None:
    text = refusal(tmp_path, written)
    assert says in text
    assert "config.yaml" in text


def test_a_missing_file_says_where_to_begin(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="`rollcall init FILE...` writes one"):
        load(tmp_path / "none.yaml")


def test_yaml_s_surprises_are_off(tmp_path: Path) -> None:
    """Norway is a country, 04:15 is a time, a date is text, and `on` is still yes."""
    text = SMALL.replace("role: pos,", "role: pos, region: NO, writes: on, exported_at: 2026-11-22,")
    found = settings(tmp_path, text + "schedule: {at: 12:30, grace: 90m}\n")
    till = found.sources["till"]
    assert (till.region, till.writes, till.exported_at) == ("NO", True, "2026-11-22")
    assert (found.schedule.at, found.schedule.grace) == ("12:30", timedelta(minutes=90))


def test_secrets_are_named_and_never_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = "group: g\nsources:\n  shop: {kind: shopify, role: ecom, base_url: https://a.myshopify.com, token: shpat_visible}\n"
    assert "sources.shop.token" in refusal(tmp_path, shop)
    monkeypatch.setenv("SHOP_TOKEN", "s3cret")
    assert Secret(env="SHOP_TOKEN").reveal().get_secret_value() == "s3cret"
    assert "s3cret" not in repr(Secret(env="SHOP_TOKEN").reveal())
    monkeypatch.delenv("SHOP_TOKEN")
    with pytest.raises(VendorError, match="environment variable SHOP_TOKEN holds no secret"):
        Secret(env="SHOP_TOKEN").reveal()
    with pytest.raises(VendorError, match="holds no secret"):
        Secret(file=tmp_path / "none").reveal()


def test_a_file_that_is_no_yaml_is_refused_without_quoting_it(tmp_path: Path) -> None:
    text = refusal(tmp_path, 'group: x\nstate: "postgresql://u:SECRETPW@127.0.0.1:1/x\n  foo: [\n')
    assert "SECRETPW" not in text
    assert "line" in text


def test_presets_fill_what_a_pairing_leaves_out(tmp_path: Path) -> None:
    (pairing,) = settings(tmp_path, SMALL.replace("{ecom:", "{preset: mortar, ecom:")).pairings
    assert pairing.match_keys == ("email", "phone")
    assert (pairing.wins("phone"), pairing.wins("first_name")) == ("newest", "suggest")
    assert pairing.marker_tags == ("Shopify",)
    assert not pairing.synced_by_vendor
    assert pairing.observe_nights == 7, "G14: a new pairing only observes"


def test_settings_beat_presets(tmp_path: Path) -> None:
    more = "names: ignore, fields: {last_name: pos}, keys: [phone], tags: [], vendor_sync: on, apply: {drift: auto}"
    (pairing,) = settings(tmp_path, SMALL.replace("pos: [till]}", f"pos: [till], preset: mortar, {more}}}")).pairings
    assert (pairing.wins("first_name"), pairing.wins("last_name")) == ("ignore", "pos")
    assert (pairing.match_keys, pairing.marker_tags, pairing.synced_by_vendor) == (("phone",), (), True)
    assert pairing.mode("drift") == "auto"


def test_g14_creating_is_never_unattended(tmp_path: Path) -> None:
    (pairing,) = settings(tmp_path, SMALL.replace("pos: [till]}", "pos: [till], apply: {create: auto}}")).pairings
    assert pairing.mode("create") == "review"


def test_every_preset_speaks_of_every_field_and_action() -> None:
    for name, preset in PRESETS.items():
        assert set(preset.fields) == set(DRIFT_FIELDS), name
        assert set(preset.apply) == set(ACTIONS), name


def test_the_policy_in_force_is_a_table(tmp_path: Path) -> None:
    rows = settings(tmp_path, SMALL).policy()
    assert rows[0] == ["pairing", "setting", "value"]
    assert ["shop-plain", "drift of phone", "ask"] in rows
    assert all(len(row) == 3 for row in rows)


def test_limits_are_those_of_the_interfaces() -> None:
    found = Limits()
    assert (found.shrink, found.shrink_profiles) == (0.05, 25)
    assert (found.updates, found.updates_at_least, found.updates_at_most) == (0.02, 25, 500)
    assert (found.creates, found.creates_at_least, found.creates_at_most) == (0.005, 5, 50)
    assert (found.opt_outs, found.same_value, found.apart) == (25, 25, timedelta(hours=24))


def test_every_kind_is_found_by_its_name() -> None:
    for kind in kinds():
        assert connector_class(kind).kind == kind
    for wrong in ("http", "base", "os", "../x", "", "_guard"):
        with pytest.raises(LookupError, match="choose one of"):
            connector_class(wrong)


def test_parse_takes_a_configuration_that_was_read_before(tmp_path: Path) -> None:
    raw: dict[str, Any] = {"group": "g", "sources": {"a": {"kind": "table", "role": "pos", "path": "a.csv"}}}
    assert parse(raw, tmp_path / "config.yaml").sources["a"].path == tmp_path / "a.csv"
