"""A retail group, simulated: invented customers, and five vendor accounts that agree on every one of them.

Two halves. Mortar: `shop` (Shopify) and `till` (Heartland), Canada. BLAZE ECOM: `ecom` (Mission Control) over the Treez
stores `downtown` and `uptown`, United States. About a tenth of the people are customers of both halves.

Night zero yields no finding. Values agree as customers, not as text: a till writes phones as clerks do (G3), shouts or
mutters names, drops accents and keeps the capitals of an email; a detector that calls that drift is wrong. Linked till
profiles have an email and a complete address (M8), shop customers without a purchase have no link (M1), every profile
that ECOM made carries the marker (T8), and no two people share a contact.

One more account or store is one more `open` and one more kind of resident in `_settle`.
"""

import random
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Any

from connectors.sandbox import blaze_ecom, heartland, shopify, treez
from connectors.sandbox.base import Account, Ledger, Now
from connectors.sandbox.people import NO_ADDRESS, Person, Population, spellings, unaccented

MARKER = "Linked with ECOM. Do not delete!"
STORES = {"s-downtown": "downtown", "s-uptown": "uptown"}
"""How Mission Control names the Treez stores, and which source each one is."""

LICENCE_SENTINEL = "LICENCE-OF-NOBODY"
"""Woven by Treez into licence, medical and physician fields, which must reach no disk (G11)."""

MORTAR_SHARES = {"linked": 0.70, "till_only": 0.18, "shop_only": 0.12}
ECOM_SHARES = {"signed_up": 0.86, "downtown_only": 0.07, "uptown_only": 0.07}
HALF, BOTH = 0.45, 0.10
STAFF_NOTES = ("Prefers the side door.", "Call before delivery.", "Collects on Fridays.", "Asks for paper receipts.")


@dataclass(slots=True)
class Resident:
    """One person and where their profiles are: source to profile id. `habits`: shares above that they came from."""

    person: Person
    habits: frozenset[str]
    ids: dict[str, str] = field(default_factory=dict)

    def at(self, source: str) -> str:
        """The profile as findings name it: `source:id`."""
        return f"{source}:{self.ids[source]}"

    @property
    def everywhere(self) -> list[str]:
        return [self.at(source) for source in self.ids]


class World:
    """The group. Same `people`, `seed` and starting time, same records.

    `people`: how many persons; from 150 on the plot finds enough victims. `now`: seconds since the epoch.
    """

    def __init__(self, people: int, seed: int, now: Now) -> None:
        self.ledger = Ledger()
        self.size = people
        self.population = Population(seed, now)
        self.residents: list[Resident] = []
        self.accounts: dict[str, Account] = {}
        self._entries: dict[str, dict[str, Any]] = {}
        self._rng = random.Random(f"world-{seed}")
        self._build(now, seed)
        self._settle(people)

    def open(self, account: Account, **entry: Any) -> None:
        """Take an account into the group; `entry` completes its `sources:` entry (role, store, region ...)."""
        self.accounts[account.name] = account
        self._entries[account.name] = {"writes": True, **entry}

    def account(self, name: str) -> Account:
        return self.accounts[name]

    def start(self) -> None:
        """Every account serves on loopback; ends those already up when one fails to."""
        try:
            for account in self.accounts.values():
                account.start()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Every account stops, also when another one reports that it failed."""
        with ExitStack() as ends:
            for account in self.accounts.values():
                ends.callback(account.stop)

    def sources(self) -> dict[str, dict[str, Any]]:
        """Complete `sources:` entries of the configuration; the accounts must be up."""
        return {name: account.settings() | self._entries[name] for name, account in self.accounts.items()}

    def secrets(self) -> dict[str, str]:
        """Environment variables that `sources` names, with their values."""
        return {key: value for account in self.accounts.values() for key, value in account.secrets().items()}

    def sentinels(self) -> list[str]:
        """Texts that no disk may hold in clear: rare surnames, emails, phones in many spellings, licences.

        Ask after the plot, which brings new ones.
        """
        return list(dict.fromkeys([*self.population.sentinels, LICENCE_SENTINEL]))

    def profiles(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Every profile of every account as it stands: (`source:id`, canonical fields and status)."""
        for name, account in self.accounts.items():
            for profile_id in account.ids():
                yield f"{name}:{profile_id}", account.read(profile_id)

    def enter_shop(self, person: Person, *, till: str | None = None, orders: int = 0, **other: Any) -> str:
        """A Shopify customer, linked to the till profile `till` where one is given."""
        fields = person.fields() | {"orders": orders, "has_purchased": orders > 0} | other
        fields |= {"email_consent": _known(fields, "email"), "sms_consent": _known(fields, "sms", "phone")}
        return self.shop.add(fields | ({"links": {"till": till}} if till else {}))

    def enter_till(self, person: Person, **other: Any) -> str:
        """A Heartland customer as clerks type them. An unticked box is no choice (G9); there is no SMS channel."""
        fields = self._as_clerks_type(person.fields() | other)
        if fields["phone"] and "phone_raw" not in other:
            fields["phone_raw"] = self.spell_phone(fields["phone"])
        unticked = self._rng.choice(("unknown", "out"))
        fields["email_consent"] = "in" if _known(fields, "email") == "in" else unticked
        return self.till.add(_without(fields, "sms_consent", "note"))

    def enter_store(self, store: str, person: Person, **other: Any) -> str:
        """A Treez customer of one store; whether they want mail is not known there."""
        fields = self._as_clerks_type(person.fields() | other)
        return self.account(store).add(_without(fields, "email_consent", "sms_consent"))

    def enter_ecom(self, person: Person, stores: Mapping[str, str]) -> str:
        """A Mission Control customer with links to Treez profiles: {store source: profile id}."""
        fields = person.fields() | {"has_purchased": True}
        profile_id = self.ecom.add(_without(fields, *NO_ADDRESS))
        for key, store in STORES.items():
            if store in stores:
                self.ecom.set_link(profile_id, key, stores[store])
        return profile_id

    def holding(self, resident: Resident, field: str) -> list[str]:
        """The profiles of a resident that hold a value in `field`, as findings name them."""
        held = (name for name, profile_id in resident.ids.items() if self.account(name).read(profile_id)[field])
        return [resident.at(name) for name in held]

    def spell_phone(self, phone: str) -> str:
        """One of the spellings in which tills hold a number."""
        return self._rng.choice(spellings(phone))

    def marker_note(self) -> str:
        """The marker, now and then below a line of the staff's own (T8)."""
        return f"{self._rng.choice(STAFF_NOTES)}\n{MARKER}" if self._rng.random() < 0.25 else MARKER

    def _build(self, now: Now, seed: int) -> None:
        self.downtown = treez.Account("downtown", now, self.ledger, seed, sentinel=LICENCE_SENTINEL)
        self.uptown = treez.Account("uptown", now, self.ledger, seed + 1, sentinel=LICENCE_SENTINEL)
        stores = {"s-downtown": self.downtown, "s-uptown": self.uptown}
        self.ecom = blaze_ecom.Account("ecom", now, self.ledger, seed, stores=stores, sentinel=LICENCE_SENTINEL)
        self.shop = shopify.Account("shop", now, self.ledger, seed, link_keys={"rollcall.till": "till"})
        self.till = heartland.Account("till", now, self.ledger, seed)
        self.default_customer = self.enter_shop(self._counter("Web", "Orders"), orders=40)
        self.walk_in = self.enter_till(self._counter("Walk-in", "Customer"))
        self.open(self.shop, role="ecom", store="Online", region="CA", default_customer=self.default_customer)
        self.open(self.till, role="pos", store="Queen St", region="CA", ignore=[self.walk_in])
        self.open(self.ecom, role="ecom", store="Online menu", region="US")
        self.open(self.downtown, role="pos", store="Downtown", region="US")
        self.open(self.uptown, role="pos", store="Uptown", region="US", logins="treez_ecommerce")

    def _counter(self, first_name: str, last_name: str) -> Person:
        """A stand-in for orders without a customer (M14): complete, and nobody's contact."""
        made = self.population.person("CA", first_name=first_name, last_name=last_name)
        return replace(made, birth_date=None, email_consent="unknown", sms_consent="unknown")

    def _settle(self, people: int) -> None:
        halves = _quota(self._rng, people, {"mortar": HALF, "both": BOTH, "ecom": HALF})
        rare = set(self._rng.sample(range(people), min(people, max(24, min(60, people // 10)))))
        in_mortar = iter(_quota(self._rng, len(halves) - halves.count("ecom"), MORTAR_SHARES))
        in_ecom = iter(_quota(self._rng, len(halves) - halves.count("mortar"), ECOM_SHARES))
        for number, half in enumerate(halves):
            country = "US" if half == "ecom" else "CA"
            person = self.population.person(country, rare=number in rare, born=half != "mortar")
            habits = ([next(in_mortar)] if half != "ecom" else []) + ([next(in_ecom)] if half != "mortar" else [])
            resident = Resident(person, frozenset(habits))
            for habit in habits:
                HOUSING[habit](self, resident)
            self.residents.append(resident)

    def _linked(self, resident: Resident) -> None:
        if len(resident.habits) == 1 and self._rng.random() < 0.05:
            resident.person = replace(resident.person, phone=None)
        tags = "Shopify;regular" if self._rng.random() < 0.3 else "Shopify"
        till = self.enter_till(resident.person, tags=tags)
        resident.ids["till"] = till
        resident.ids["shop"] = self.enter_shop(resident.person, till=till, orders=self._rng.randrange(1, 12))

    def _till_only(self, resident: Resident) -> None:
        lacks: dict[str, Any] = {} if self._rng.random() < 0.6 else dict(NO_ADDRESS)
        chance = self._rng.random()
        if chance < 0.3:
            lacks |= {"email": None} if chance < 0.25 else {"phone": None}
        resident.ids["till"] = self.enter_till(resident.person, **lacks)

    def _shop_only(self, resident: Resident) -> None:
        lacks: dict[str, Any] = {} if self._rng.random() < 0.7 else dict(NO_ADDRESS)
        if self._rng.random() < 0.3:
            lacks |= {"phone": None}
        resident.ids["shop"] = self.enter_shop(resident.person, **lacks)

    def _signed_up(self, resident: Resident) -> None:
        placed = {store: self.enter_store(store, resident.person, note=self.marker_note()) for store in STORES.values()}
        resident.ids |= {"ecom": self.enter_ecom(resident.person, placed), **placed}

    def _downtown_only(self, resident: Resident) -> None:
        resident.ids["downtown"] = self.enter_store("downtown", resident.person)

    def _uptown_only(self, resident: Resident) -> None:
        lacks = {"email": None} if self._rng.random() < 0.2 else {}
        resident.ids["uptown"] = self.enter_store("uptown", resident.person, **lacks)

    def _as_clerks_type(self, fields: dict[str, Any]) -> dict[str, Any]:
        """Other capitals, stray blanks and lost accents in names, capitals in emails: the same customer (G3, G4)."""
        chance = self._rng.random()
        for name in ("first_name", "last_name"):
            if chance < 0.12:
                fields[name] = fields[name].upper()
            elif chance < 0.16:
                fields[name] = fields[name].lower()
            elif chance < 0.24:
                fields[name] = f" {fields[name]} ".replace(" ", "  ")
            elif chance < 0.60:
                fields[name] = unaccented(fields[name])
        if fields["email"] and self._rng.random() < 0.1:
            fields["email"] = fields["email"].title()
        return fields


HOUSING = {
    "linked": World._linked,
    "till_only": World._till_only,
    "shop_only": World._shop_only,
    "signed_up": World._signed_up,
    "downtown_only": World._downtown_only,
    "uptown_only": World._uptown_only,
}


def _quota(rng: random.Random, total: int, shares: Mapping[str, float]) -> list[str]:
    """`total` words in the given shares, shuffled; rounding falls to the first."""
    words = [word for word, share in list(shares.items())[1:] for _ in range(round(total * share))]
    words += [next(iter(shares))] * (total - len(words))
    rng.shuffle(words)
    return words


def _known(fields: Mapping[str, Any], channel: str, contact: str = "email") -> Any:
    """Consent of a channel, unknown where there is no contact to use it on."""
    return fields[f"{channel}_consent"] if fields[contact] else "unknown"


def _without(fields: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name not in names}
