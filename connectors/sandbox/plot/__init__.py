"""What happens between two nights, and the truth about it: stories by half, in modules of their own.

Truth comes from the stories alone: each knows what it did to whom, and says which finding must follow (kind, field and
set of members, as `source:id`) and which others it cannot but cause (`secondary`). Nothing of it is computed by a
detector. Whatever a run finds beyond the truth is false, whatever it does not find is missed. `expects` says how night
one ends for the main finding: `corrected` when the demo's policy and approvals write it, `review` when it stays for a
person, `nothing` where all is as it should be and a finding would be false. Victims are disjoint, so that no story
disturbs another.

Scale: each story plays `clamp(people // 700, 2, 6)` times, once where a half has less than 75 people, and less where
its corrections would come near the breakers (`LIMITS`, per source over all stories; names and both-sided drift count as
if somebody approved them).
"""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from connectors.sandbox.plot.ecom import ECOM
from connectors.sandbox.plot.greenline import GREENLINE
from connectors.sandbox.plot.lightspeed import LIGHTSPEED
from connectors.sandbox.plot.mortar import MORTAR
from connectors.sandbox.plot.outlet import OUTLET
from connectors.sandbox.plot.stage import Plant, Stage, Story, Trace
from connectors.sandbox.world import World

STORIES: Sequence[Story] = (*MORTAR, *ECOM, *GREENLINE, *LIGHTSPEED, *OUTLET)
LIMITS = {"update": 20, "create": 2, "opt_out": 6}
"""Writes per source and night that the plot may cause; the breakers trip above 25, 5 and 25 in small groups."""


@dataclass(frozen=True, slots=True)
class Truth:
    """Every plant, in the order in which they happened."""

    plants: tuple[Plant, ...]

    def findings(self) -> Iterator[Trace]:
        """Every finding that night one must make, main and secondary."""
        for plant in self.plants:
            yield plant.main
            yield from plant.secondary

    def write(self, path: Path) -> None:
        """A JSON list of {kind, field, members, story, secondary: [{kind, field, members}], expects}; no values."""
        plants = [plant.as_json() for plant in self.plants]
        path.write_text(json.dumps(plants, indent=1) + "\n", encoding="utf-8")


class Plot:
    """What happens to one world; `happen` once per world. Same world and seed, same truth."""

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.stage = Stage(world, seed)
        self.stories = [story for story in STORIES if story.half in world.halves]
        self.times = times_to_play(self.stories, scale(world.size, len(world.halves)))

    def happen(self) -> Truth:
        """Play every story, round by round. Raises ValueError when the world is too small for that many victims."""
        rounds = range(max(self.times.values()))
        played = (self.stage.play(s) for turn in rounds for s in self.stories if turn < self.times[s.name])
        return Truth(tuple(plant for plant in played if plant is not None))


def scale(people: int, halves: int) -> int:
    """How often each story plays in a world of so many people and halves."""
    return min(6, max(2, people // 700)) if people >= 75 * halves else 1


def times_to_play(stories: Sequence[Story], wanted: int) -> dict[str, int]:
    """How often each story plays: `wanted`, or its own limit, or less until every cost is within `LIMITS`.

    The story that plays most often gives way first, the later one of equals.
    """
    times = {story.name: min(wanted, story.times or wanted) for story in stories}
    while over := [cost for cost, total in _spent(stories, times).items() if total > LIMITS[cost.split(" ")[0]]]:
        costly = [story.name for story in stories if over[0] in story.costs]
        times[max(reversed(costly), key=lambda name: times[name])] -= 1
    return times


def _spent(stories: Sequence[Story], times: dict[str, int]) -> Counter[str]:
    spent = Counter[str]()
    for story in stories:
        spent.update({cost: each * times[story.name] for cost, each in story.costs.items()})
    return spent
