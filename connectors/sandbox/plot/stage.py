"""The stage on which stories play: who may be a victim, what is new, and what a story leaves behind as truth."""

import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from connectors.sandbox.people import Person, clearly_different
from connectors.sandbox.world import Resident, World

Outcome = Literal["corrected", "review", "nothing"]


@dataclass(frozen=True, slots=True)
class Trace:
    """One finding that must be made: kind, field ('' where the kind has none) and members as `source:id`."""

    kind: str
    field: str
    members: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "field": self.field, "members": list(self.members)}


@dataclass(frozen=True, slots=True)
class Plant:
    """What one play of a story must lead to: its finding, those that it cannot help causing, and how the night ends."""

    story: str
    expects: Outcome
    main: Trace
    secondary: tuple[Trace, ...] = ()

    def as_json(self) -> dict[str, Any]:
        secondary = [trace.as_json() for trace in self.secondary]
        return {**self.main.as_json(), "story": self.story, "secondary": secondary, "expects": self.expects}


Traces = Trace | tuple[Trace, ...] | None


@dataclass(frozen=True, slots=True)
class Story:
    """A way in which customer data go wrong between two nights, or seem to; `play` does it to one victim.

    `half`: whose story it is. `expects` nothing: it must not be found, and leaves no truth.
    `costs`: writes that the corrections of one play may take, as `update till`, `create till` or `opt_out till`.
    `times`: how often it plays at most; 0: as often as the plot's scale says.
    """

    name: str
    half: str
    expects: Outcome
    play: Callable[["Stage"], Traces]
    costs: Mapping[str, int] = field(default_factory=dict)
    times: int = 0


class Stage:
    """The world between two nights. Nobody is picked twice; new people and contacts are sentinels of leak checks."""

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.rng = random.Random(f"plot-{seed}")
        self._free = list(world.residents)
        self.rng.shuffle(self._free)
        self._free.sort(key=lambda resident: not resident.person.rare)
        self._played = Counter[str]()

    def play(self, story: Story) -> Plant | None:
        """Let a story happen to one victim; what must be found of it, if anything."""
        left = story.play(self)
        self._played[story.name] += 1
        if left is None:
            return None
        main, *secondary = left if isinstance(left, tuple) else (left,)
        return Plant(story.name, story.expects, main, tuple(secondary))

    def played(self, name: str) -> int:
        """How often a story has happened before."""
        return self._played[name]

    def apart(self, one: Resident, other: Resident) -> bool:
        """Whether two people can share a phone without passing for one another (G6)."""
        return clearly_different(one.person.first_name, other.person.first_name)

    def pick(
        self, habit: str, when: Callable[[Resident], bool] = lambda resident: True, *, both_halves: bool = False
    ) -> Resident:
        """A victim of one habit who has a phone, rare names first. `both_halves`: may be a customer of both halves.

        Raises ValueError where nobody is left.
        """
        for place, resident in enumerate(self._free):
            alone = both_halves or len(resident.habits) == 1
            if habit in resident.habits and alone and resident.person.phone and when(resident):
                return self._free.pop(place)
        raise ValueError(f"nobody {habit!r} is left to play with among {self.world.size} people: build a larger world")

    def newcomer(self, country: str) -> Person:
        """Somebody whom no account knows yet."""
        return replace(self.world.population.person(country, rare=True, born=True), created_at=None)

    def relative(self, of: Person) -> Person:
        """Somebody of the same household: same surname, address and phone, clearly another person (G6)."""
        country = of.address.country if of.address else "CA"
        made = self.world.population.stranger(country, [of.first_name], of.last_name)
        return replace(made, address=of.address, phone=of.phone, created_at=None)

    def same_again(self, person: Person, **other: Any) -> Person:
        """The same person as a clerk enters them a second time, with some values different."""
        return replace(person, created_at=None, **other)

    def new_phone(self, person: Person) -> str:
        country = person.address.country if person.address else "CA"
        return self.world.population.phone(country, rare=True)

    def new_email(self, person: Person) -> str:
        return self.world.population.email(person.first_name, person.last_name, rare=True)

    def new_address(self, person: Person) -> dict[str, Any]:
        """Every address field, so that an edit with them leaves nothing of the old address."""
        country = person.address.country if person.address else "CA"
        return asdict(self.world.population.address(country))

    def edit(self, resident: Resident, source: str, **fields: Any) -> None:
        """A clerk or shopper edits canonical fields of the person's profile in one source."""
        self.world.account(source).edit(resident.ids[source], fields)

    def retype_phone(self, resident: Resident, till: str, phone: str) -> None:
        """A clerk types another number at a till, in a spelling of their own."""
        self.edit(resident, till, phone=phone, phone_raw=self.world.spell_phone(phone))


def links(kind: str, resident: Resident, *sources: str) -> Trace:
    """A finding about a link, named by the person's profiles in `sources`."""
    return Trace(kind, "", tuple(resident.at(source) for source in sources))


def drift(field_name: str, resident: Resident, *sources: str) -> Trace:
    """Drift of a field between the person's profiles in `sources`, the shop's first."""
    return Trace("drift", field_name, tuple(resident.at(source) for source in sources))


class Programme(list[Story]):
    """The stories of one half, in order; used as a decorator."""

    def __init__(self, half: str) -> None:
        super().__init__()
        self.half = half

    def story(self, expects: Outcome, *, times: int = 0, **costs: int) -> Callable[..., Callable[[Stage], Traces]]:
        """Enter a function as a story of its own name; costs as `update_till=1`, `opt_out_till=1`."""
        spent = {" ".join(cost.rsplit("_", 1)): each for cost, each in costs.items()}

        def enter(play: Callable[[Stage], Traces]) -> Callable[[Stage], Traces]:
            self.append(Story(play.__name__, self.half, expects, play, spent, times))
            return play

        return enter
