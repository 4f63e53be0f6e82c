"""Lightspeed: `web` (Ecwid) and `counter` (X-Series), Canada, which the vendor itself keeps alike.

No id is stored on either side; a customer of one system alone is pending (X4). At this counter an unticked `do not
email` means yes, which the configuration declares.
"""

from typing import Any, ClassVar

from connectors.sandbox import ecwid, lightspeed_x
from connectors.sandbox.people import Person
from connectors.sandbox.world.ground import LICENCE_SENTINEL, Ground, Half, Resident

GROUPS = ("Gold", "Trade", None, None)


class Lightspeed(Half):
    name = "lightspeed"
    shares: ClassVar = {"synced": 0.76, "counter_only": 0.12, "browsing": 0.12}

    def __init__(self, ground: Ground) -> None:
        super().__init__(ground)
        now, ledger, seed = ground.now, ground.ledger, ground.seed
        self.web = ecwid.Account("web", now, ledger, seed, sentinel=LICENCE_SENTINEL)
        self.counter = lightspeed_x.Account("counter", now, ledger, seed, sentinel=LICENCE_SENTINEL)
        ground.open(self.web, role="ecom", store="Web shop", region="CA")
        ground.open(self.counter, role="pos", store="Main St", region="CA", do_not_email_false="in")

    def enter_web(self, person: Person, **other: Any) -> str:
        """An Ecwid customer; `orders` as many as were paid, at the time of registration."""
        return self.web.add(person.fields() | other)

    def enter_counter(self, person: Person, **other: Any) -> str:
        """An X-Series customer as clerks type them."""
        return self.counter.add(self.ground.at_the_till(person, **other))

    def in_no_group(self, resident: Resident) -> bool:
        return self.web.read(resident.ids["web"])["group"] is None

    def house(self, habit: str, resident: Resident) -> None:
        rng = self.ground.rng
        match habit:
            case "synced":
                group = rng.choice(GROUPS)
                resident.ids["web"] = self.enter_web(resident.person, group=group, orders=rng.randrange(1, 5))
                resident.ids["counter"] = self.enter_counter(resident.person, group=group)
            case "counter_only":
                lacks = {"email": None} if rng.random() < 0.25 else {}
                resident.ids["counter"] = self.enter_counter(resident.person, **lacks)
            case "browsing":
                resident.ids["web"] = self.enter_web(resident.person, **self.ground.no_address(0.5))
            case _:
                super().house(habit, resident)
