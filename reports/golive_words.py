"""What the go-live scan means to the systems that are to be paired: its sentences and rules, by the pairings' presets."""

from collections.abc import Collection
from dataclasses import dataclass

_HOUSEHOLD = "People of one household are not merged: they agree who keeps the number (G6)."


@dataclass(frozen=True, slots=True)
class Wording:
    """Sentences of each part of the scan, and the rules that they name."""

    ready: str
    shared: str
    split: str
    without: str
    rules: tuple[str, ...]


WORDS = {
    "blaze_ecom": Wording(
        ready="Ready is whom sign-up finds by a phone of their own (T4).",
        shared=f"Each number must be on one profile of a store before go-live (T9). {_HOUSEHOLD}",
        split="Sign-up finds a customer by phone (T4): at the stores with the other number it would make a second profile.",
        without="Sign-up would make a second profile of each of these (T9).",
        rules=("G6", "T4", "T9"),
    ),
    "lightspeed_x_e": Wording(
        ready="Ready is who has a phone of their own that can be dialled.",
        shared="The vendor's sync ties one customer of the shop to one at the till, by email (X1): what else is on the number "
        f"stays behind. Merge it in the POS first. {_HOUSEHOLD}",
        split="The vendor's sync goes by email (X1); once the emails differ, only an equal phone would find these again.",
        without="Only an email can find these (X1).",
        rules=("G6", "X1"),
    ),
    "mortar": Wording(
        ready="Ready is who has a phone of their own that can be dialled.",
        shared="Shopify wants a phone on one customer only, and the first profile that matches is linked (M5): make the "
        f"numbers unique, or archive or merge the others (M10). {_HOUSEHOLD}",
        split="The first key of the configured order that finds a profile decides (M2): by phone, a till with the other "
        "number finds nobody, and where no key agrees it is a different customer (M3).",
        without="Only an email can find these (M2); who has neither is a different customer to the shop (M3).",
        rules=("G6", "M2", "M3", "M5", "M10"),
    ),
    "plain": Wording(
        ready="Ready is who has a phone of their own that can be dialled (G3).",
        shared="Of one number on several profiles, a shop that looks customers up by phone meets any one. Merge what is "
        f"one customer. {_HOUSEHOLD}",
        split="A shop that looks customers up by phone finds each of these at some stores only.",
        without="A shop that looks customers up by phone finds none of these.",
        rules=("G3", "G6"),
    ),
}
LOGINS = Wording(
    ready="Ready is who could be given a first password today (P3).",
    shared="A login needs one phone number that is on one profile only (P1).",
    split="",
    without="Nobody can log in to these or be helped with them (P1).",
    rules=("P1", "P3"),
)
"""Where customers log in to Treez's own shop (P0), whatever it is paired with."""


def wordings(presets: Collection[str], logins: bool) -> list[Wording]:
    """Those that hold for a group. No pairing: the shop is yet to come, and the rules were made for ECOM's go-live."""
    own = [WORDS[name] for name in sorted(presets)] or [WORDS["blaze_ecom"]]
    return [*own, LOGINS] if logins or not presets else own


def cited(said: Collection[Wording]) -> list[str]:
    """The rules that the sentences name, each once."""
    return list(dict.fromkeys(rule for wording in said for rule in wording.rules))
