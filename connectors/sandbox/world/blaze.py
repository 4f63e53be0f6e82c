"""BLAZE ECOM: `ecom` (Mission Control) over the Treez stores `downtown` and `uptown`, and `midtown` (Greenline), United States.

Every customer of ECOM has a profile in each store (T2), which carries the marker where the store is Treez's (T8). What
Greenline's own fields hold beside its contract appears during the plot alone (G11).
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from connectors.sandbox import blaze_ecom, greenline, treez
from connectors.sandbox.blaze_ecom.control import Till
from connectors.sandbox.people import NO_ADDRESS, Person
from connectors.sandbox.world.ground import LICENCE_SENTINEL, Ground, Half, Resident, without

MARKER = "Linked with ECOM. Do not delete!"
STAFF_NOTES = ("Prefers the side door.", "Call before delivery.", "Collects on Fridays.", "Asks for paper receipts.")
GREENLINE = "midtown"
OWN: Mapping[str, Mapping[str, Any]] = {"uptown": {"logins": "treez_ecommerce"}, "downtown": {"merges": True}}
"""What single stores have beside the others."""


class Blaze(Half):
    """`stores`: how many Treez stores; from the third on they are `store-3`, `store-4` ..."""

    name = "blaze"
    shares: ClassVar = {"signed_up": 0.83, "downtown_only": 0.06, "uptown_only": 0.06, "midtown_only": 0.05}
    country = "US"
    born = True

    def __init__(self, ground: Ground, stores: int = 2) -> None:
        super().__init__(ground)
        now, ledger, seed = ground.now, ground.ledger, ground.seed
        names = ["downtown", "uptown", *(f"store-{number}" for number in range(3, stores + 1))][:stores]
        self.treez = {
            name: treez.Account(name, now, ledger, seed + place, sentinel=LICENCE_SENTINEL)
            for place, name in enumerate(names)
        }
        self.midtown = greenline.Account(GREENLINE, now, ledger, seed, sentinel=LICENCE_SENTINEL)
        tills: dict[str, Till] = {**self.treez, GREENLINE: self.midtown}
        self.stores = {f"s-{name}": name for name in tills}
        """How Mission Control names the stores, and which source each one is."""
        by_key = {key: tills[name] for key, name in self.stores.items()}
        self.ecom = blaze_ecom.Account("ecom", now, ledger, seed, stores=by_key, sentinel=LICENCE_SENTINEL)
        ground.open(self.ecom, role="ecom", store="Online menu", region="US")
        for name, store in self.treez.items():
            ground.open(store, role="pos", store=name.capitalize(), region="US", **OWN.get(name, {}))
        ground.open(self.midtown, role="pos", store="Midtown", region="US")

    def enter_store(self, store: str, person: Person, **other: Any) -> str:
        """A Treez customer of one store; whether they want mail is not known there."""
        fields = self.ground.as_clerks_type(person.fields() | other)
        return self.treez[store].add(without(fields, "email_consent", "sms_consent"))

    def enter_midtown(self, person: Person, **other: Any) -> str:
        """A Greenline customer; there are no addresses and no tags."""
        return self.midtown.add(without(self.ground.at_the_till(person, **other), *NO_ADDRESS))

    def enter_everywhere(self, person: Person, *, but: str = "") -> dict[str, str]:
        """What ECOM makes at sign-up: a profile in every store (T2), `but` one; {store source: profile id}."""
        placed = {
            store: self.enter_store(store, person, note=self.marker_note()) for store in self.treez if store != but
        }
        return placed | ({} if but == GREENLINE else {GREENLINE: self.enter_midtown(person)})

    def enter_ecom(self, person: Person, placed: Mapping[str, str]) -> str:
        """A Mission Control customer with links to store profiles: {store source: profile id}."""
        profile_id = self.ecom.add(without(person.fields() | {"has_purchased": True}, *NO_ADDRESS))
        for key, store in self.stores.items():
            if store in placed:
                self.ecom.set_link(profile_id, key, placed[store])
        return profile_id

    def marker_note(self) -> str:
        """The marker, now and then below a line of the staff's own (T8)."""
        rng = self.ground.rng
        return f"{rng.choice(STAFF_NOTES)}\n{MARKER}" if rng.random() < 0.25 else MARKER

    def house(self, habit: str, resident: Resident) -> None:
        lacks = {"email": None} if habit != "downtown_only" and self.ground.rng.random() < 0.2 else {}
        match habit:
            case "signed_up":
                placed = self.enter_everywhere(resident.person)
                resident.ids |= {"ecom": self.enter_ecom(resident.person, placed), **placed}
            case "downtown_only" | "uptown_only":
                store = habit.removesuffix("_only")
                resident.ids[store] = self.enter_store(store, resident.person, **lacks)
            case "midtown_only":
                resident.ids[GREENLINE] = self.enter_midtown(resident.person, **lacks)
            case _:
                super().house(habit, resident)
