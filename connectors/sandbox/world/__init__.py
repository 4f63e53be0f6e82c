"""A retail group, simulated: invented customers, and vendor accounts that agree on every one of them.

Four halves of equal size, in modules of their own: `mortar` (Shopify, Heartland), `blaze` (BLAZE ECOM, Treez stores, Greenline),
`lightspeed` (Ecwid, X-Series) and `outlet` (Shopify, R-Series). About a tenth of the people are customers of two of them.

Night zero yields no finding. Values agree as customers, not as text: a till writes phones as clerks do (G3), shouts or
mutters names, drops accents and keeps the capitals of an email; a detector that calls that drift is wrong. No two
people share a contact.

One more vendor is one more half, or one more account in one, and one more case of its `house`.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from connectors.sandbox.base import Account, Now
from connectors.sandbox.world.blaze import MARKER, Blaze
from connectors.sandbox.world.ground import LICENCE_SENTINEL, Ground, Half, Resident, quota
from connectors.sandbox.world.lightspeed import Lightspeed
from connectors.sandbox.world.mortar import Mortar
from connectors.sandbox.world.outlet import Outlet

__all__ = [
    "LICENCE_SENTINEL",
    "MARKER",
    "PAIRS",
    "Blaze",
    "Half",
    "Lightspeed",
    "Mortar",
    "Outlet",
    "Resident",
    "World",
]

PAIRS = ("mortar", "blaze", "lightspeed", "outlet")
"""Every half, in the order of its sources."""
Kind = TypeVar("Kind", bound=Half)
BOTH = 0.10
"""The share of people who are customers of two halves."""


class World(Ground):
    """The group. Same arguments and starting time, same records.

    `people`: how many persons; from 40 on for each of `pairs` the plot finds enough victims. `now`: seconds since the
    epoch. `pairs`: the halves that there are. `stores`: how many Treez stores.
    """

    def __init__(self, people: int, seed: int, now: Now, pairs: Sequence[str] = PAIRS, stores: int = 2) -> None:
        super().__init__(seed, now)
        self.size = people
        self.residents: list[Resident] = []
        self.halves: dict[str, Half] = {}
        self._tokens: TemporaryDirectory[str] | None = None
        if unknown := set(pairs) - set(PAIRS):
            raise ValueError(f"there is no pair {', '.join(sorted(unknown))}, only {', '.join(PAIRS)}")
        for name in (name for name in PAIRS if name in pairs):
            self.halves[name] = self._half_named(name, stores)
        self._settle(people)

    @property
    def mortar(self) -> Mortar:
        return self._half(Mortar)

    @property
    def blaze(self) -> Blaze:
        return self._half(Blaze)

    @property
    def lightspeed(self) -> Lightspeed:
        return self._half(Lightspeed)

    @property
    def outlet(self) -> Outlet:
        return self._half(Outlet)

    def account(self, name: str) -> Account:
        return self.accounts[name]

    def start(self) -> None:
        """Every account serves on loopback; ends those already up when one fails to."""
        self._tokens = TemporaryDirectory(prefix="rollcall-sandbox-")
        try:
            if "outlet" in self.halves:
                self.outlet.authorise(Path(self._tokens.name))
            for account in self.accounts.values():
                account.start()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Every account stops, also when another one reports that it failed; rotating tokens are gone."""
        with ExitStack() as ends:
            if self._tokens is not None:
                ends.callback(self._tokens.cleanup)
            for account in self.accounts.values():
                ends.callback(account.stop)

    def sources(self) -> dict[str, dict[str, Any]]:
        """Complete `sources:` entries of the configuration; the accounts must be up."""
        return {name: account.settings() | self.entries[name] for name, account in self.accounts.items()}

    def secrets(self) -> dict[str, str]:
        """Environment variables that `sources` names, with their values."""
        return {key: value for account in self.accounts.values() for key, value in account.secrets().items()}

    def sentinels(self) -> list[str]:
        """Texts that no disk may hold in clear: rare surnames, emails, phones in many spellings, licences.

        Ask after the plot, which brings new ones.
        """
        return list(dict.fromkeys([*self.population.sentinels, LICENCE_SENTINEL]))

    def standins(self) -> set[str]:
        """Every profile that stands for nobody, as `source:id` (M14)."""
        return {name for half in self.halves.values() for name in half.standins()}

    def profiles(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Every profile of every account as it stands: (`source:id`, canonical fields and status)."""
        for name, account in self.accounts.items():
            for profile_id in account.ids():
                yield f"{name}:{profile_id}", account.read(profile_id)

    def holding(self, resident: Resident, field: str) -> list[str]:
        """The profiles of a resident that hold a value in `field`, as findings name them."""
        held = (name for name, profile_id in resident.ids.items() if self.account(name).read(profile_id)[field])
        return [resident.at(name) for name in held]

    def _half_named(self, name: str, stores: int) -> Half:
        match name:
            case "mortar":
                return Mortar(self)
            case "blaze":
                return Blaze(self, stores)
            case "lightspeed":
                return Lightspeed(self)
            case _:
                return Outlet(self)

    def _half(self, kind: type[Kind]) -> Kind:
        half = self.halves.get(kind.name)
        if not isinstance(half, kind):
            raise LookupError(f"this world has no {kind.name}, only {', '.join(self.halves)}")
        return half

    def _settle(self, people: int) -> None:
        """Everybody moves in: one half or two, and in each of them by the half's own shares."""
        lives = self._lives(people)
        rare = set(self.rng.sample(range(people), min(people, max(24, min(90, people // 5)))))
        habits = {
            name: iter(quota(self.rng, sum(name in life for life in lives), half.shares))
            for name, half in self.halves.items()
        }
        for number, life in enumerate(lives):
            halves = [self.halves[name] for name in life]
            country = halves[0].country if len(halves) == 1 else "CA"
            born = len(halves) > 1 or halves[0].born
            person = self.population.person(country, rare=number in rare, born=born)
            by_half = {half.name: next(habits[half.name]) for half in halves}
            resident = Resident(person, frozenset(by_half.values()))
            for half in halves:
                half.house(by_half[half.name], resident)
            self.residents.append(resident)

    def _lives(self, people: int) -> list[tuple[str, ...]]:
        """Of which halves everybody is a customer."""
        twos = list(combinations(self.halves, 2))
        shares = dict.fromkeys(self.halves, (1 - BOTH if twos else 1) / len(self.halves))
        words = quota(self.rng, people, shares | ({"both": BOTH} if twos else {}))
        second = [twos[number % len(twos)] for number in range(words.count("both"))]
        return [second.pop() if word == "both" else (word,) for word in words]
