"""Outlet: a second Shopify shop `outlet` with `register` (R-Series), Canada, under the same rules as Mortar.

R-Series asks for no address and keeps a choice for SMS too; its no-contact flags are also its creation default, so by
themselves they say nothing (G9).
"""

from itertools import cycle
from pathlib import Path
from typing import Any, ClassVar

from connectors.sandbox import lightspeed_r, shopify
from connectors.sandbox.people import Person
from connectors.sandbox.world.ground import LACKS, LICENCE_SENTINEL, Ground, Half, Resident, known


class Outlet(Half):
    name = "outlet"
    shares: ClassVar = {"regular": 0.72, "register_only": 0.16, "outlet_only": 0.12}

    def __init__(self, ground: Ground) -> None:
        super().__init__(ground)
        now, ledger, seed = ground.now, ground.ledger, ground.seed
        self.outlet = shopify.Account("outlet", now, ledger, seed + 1, link_keys={"rollcall.register": "register"})
        self.register = lightspeed_r.Account("register", now, ledger, seed, sentinel=LICENCE_SENTINEL)
        self._lacking = cycle(LACKS)
        ground.open(self.outlet, role="ecom", store="Outlet online", region="CA")
        ground.open(self.register, role="pos", store="Outlet", region="CA")

    def authorise(self, folder: Path) -> None:
        """A person lets the app in: the register's rotating tokens lie in `folder`."""
        self.register.token_file = folder / "register-tokens.json"
        self.register.authorise()

    def enter_outlet(self, person: Person, *, register: str | None = None, orders: int = 0, **other: Any) -> str:
        """A Shopify customer, linked to the register's profile where one is given."""
        fields = person.fields() | {"orders": orders, "has_purchased": orders > 0} | other
        fields |= {"email_consent": known(fields, "email"), "sms_consent": known(fields, "sms", "phone")}
        return self.outlet.add(fields | ({"links": {"register": register}} if register else {}))

    def enter_register(self, person: Person, **other: Any) -> str:
        """An R-Series customer as clerks type them."""
        return self.register.add(self.ground.at_the_till(person, **other))

    def house(self, habit: str, resident: Resident) -> None:
        rng = self.ground.rng
        match habit:
            case "regular":
                lacks = self.ground.no_address(0.1)
                register = self.enter_register(resident.person, tags="Shopify", **lacks)
                made = self.enter_outlet(resident.person, register=register, orders=rng.randrange(1, 9), **lacks)
                resident.ids |= {"outlet": made, "register": register}
            case "register_only":
                resident.ids["register"] = self.enter_register(resident.person, **next(self._lacking))
            case "outlet_only":
                resident.ids["outlet"] = self.enter_outlet(resident.person, **self.ground.no_address(0.3))
            case _:
                super().house(habit, resident)
