"""Pairing policies as data: presets carry the rules of the pairs that the domain names, settings override them.

`wins` says who may win drift of a field (G13):
  newest           the side that changed since both agreed
  mission_control  the shop's value where only the shop changed (C1); else a person picks
  ecom | pos       always that side
  ask              a person picks, with a proposal
  suggest          shown, and written only when a person approves it
  ignore           not compared
For groups (X3) ecom and pos are a proposal alone; a person says which.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Wins = Literal["newest", "mission_control", "ecom", "pos", "ask", "suggest", "ignore"]
Mode = Literal["off", "review", "auto"]

DRIFT_FIELDS = ("first_name", "last_name", "birth_date", "phone", "email", "address", "group")
ACTIONS = ("drift", "relink", "create", "add_note", "add_tag", "opt_out", "set_group", "merge")

PLACEHOLDERS = (
    "%0000000", "%1111111", "%2222222", "%3333333", "%4444444", "%5555555", "%6666666", "%7777777", "%8888888", "%9999999",
    "%1234567", "noemail@%", "no@email.%", "none@none.%", "none@%", "na@na.%", "n/a@%", "test@test.%", "noreply@%", "no-reply@%",
    "donotreply@%", "nomail@%", "noemail%@%", "unknown@%", "email@email.%", "a@a.%", "%@%.invalid",
)  # fmt: skip
"""What tills type where a customer gives nothing (G5), as patterns on the E.164 number or the folded email."""


@dataclass(frozen=True, slots=True)
class Preset:
    """What a pairing starts from; every value can be overridden in the configuration."""

    rules: str
    """As the policy table prints them: the letters are the families that findings of such a pairing quote."""
    keys: tuple[str, ...]
    vendor_sync: bool
    fields: Mapping[str, Wins]
    apply: Mapping[str, Mode]
    marker_note: str = ""
    marker_tags: tuple[str, ...] = ()
    profile_in_every_pos: bool = False
    link_after: Literal["purchase", "never", "always"] = "never"

    @property
    def families(self) -> frozenset[str]:
        return frozenset(part.strip()[0] for part in self.rules.split(","))


VENDORS_OWN = frozenset({"M8", "M14", "P0", "P1", "P2", "P3"})
"""Rules of one system, whatever it is paired with: a check that names them looks only where they hold."""


def quotable(rule_ids: Iterable[str], presets: Collection[str]) -> tuple[str, ...]:
    """Of a check's rules those that hold under the presets: a till in a file has no Mission Control. No preset: all."""
    families = {"G"}.union(*(PRESETS[name].families for name in presets))
    return tuple(rule for rule in rule_ids if not presets or rule[0] in families or rule in VENDORS_OWN)


STORED = "stored id"
"""A lookup by the id that the shop stores: who is linked is found by it before any key is asked."""


@dataclass(frozen=True, slots=True)
class Looker:
    """A system that looks customers up in a POS by itself, and the keys that it tries in order; none: the pairing's own."""

    system: str
    keys: tuple[str, ...] = ()


BY_SHOP: Mapping[str, Looker] = {
    "mortar": Looker("the shop's connection"),
    "blaze_ecom": Looker("ECOM"),
    "lightspeed_x_e": Looker("X-Series", ("email",)),
}
"""Who looks up the customers of a pairing's shop (W1), by preset; `plain` stands for no vendor's own way."""
BY_TILL: Mapping[str, Looker] = {
    "treez": Looker("Treez partners and kiosks", ("email", "phone")),
    "lightspeed_x": Looker("X-Series", ("email",)),
}
"""Who else looks customers up in a POS (W1), by its kind. Of several with one key all take the older, then the lower id."""


def lookups(preset: str, till: str, keys: Sequence[str], stored: bool) -> list[tuple[str, int, str]]:
    """(system, position, key) of each who looks a pairing's customers up in a POS of kind `till`; `stored`: the shop keeps ids."""
    shop, other = BY_SHOP.get(preset), BY_TILL.get(till)
    ways: dict[str, tuple[str, ...]] = {}
    if shop is not None:
        ways[shop.system] = ((STORED,) if stored else ()) + (shop.keys or tuple(keys))
    if other is not None:
        ways.setdefault(other.system, other.keys)
    return [(system, at, key) for system, way in ways.items() for at, key in enumerate(way, start=1)]


def _fields(default: Wins, **others: Wins) -> dict[str, Wins]:
    return {**dict.fromkeys(DRIFT_FIELDS, default), "group": "ignore", **others}


_REVIEW: Mapping[str, Mode] = dict.fromkeys(ACTIONS, "review")

PRESETS: Mapping[str, Preset] = {
    "mortar": Preset(
        rules="M1-M15",
        keys=("email", "phone"),
        vendor_sync=False,
        fields=_fields("newest", first_name="suggest", last_name="suggest"),
        apply={**_REVIEW, "add_note": "off"},
        marker_tags=("Shopify",),
        link_after="purchase",
    ),
    "blaze_ecom": Preset(
        rules="T1-T10, C1-C5",
        keys=("phone",),
        vendor_sync=True,
        fields=_fields("suggest", phone="mission_control", email="mission_control", address="ignore"),
        apply={**_REVIEW, "relink": "off", "add_tag": "off"},
        marker_note="Linked with ECOM. Do not delete!",
        profile_in_every_pos=True,
        link_after="always",
    ),
    "lightspeed_x_e": Preset(
        rules="X1-X5",
        # The vendor itself goes by email (W1); the phone finds the two again once their emails differ (X1).
        keys=("email", "phone"),
        vendor_sync=True,
        # X1 keeps nothing but the email and the group alike, and the newest email wins (X5); the shop keeps one name, cut
        # in two on reading, and no birth date.
        fields=_fields("ignore", email="newest", phone="suggest", group="ask"),
        apply={**_REVIEW, "relink": "off", "create": "off", "add_note": "off", "add_tag": "off"},
        link_after="purchase",
    ),
    "plain": Preset(
        rules="G1-G14",
        keys=("email", "phone"),
        vendor_sync=False,
        fields=_fields("ask"),
        apply={**_REVIEW, "create": "off", "add_note": "off", "add_tag": "off"},
    ),
}


def table(pairings: Mapping[str, Mapping[str, Any]]) -> list[list[str]]:
    """The policy in force as rows, heading first: what `rollcall check --show-policy` prints."""
    rows = [["pairing", "setting", "value"]]
    for name, settings in pairings.items():
        rows += [[name, key, str(value)] for key, value in settings.items()]
    return rows
