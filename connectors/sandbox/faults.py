"""Faults by name and seed: one registry for every simulated vendor, `rollcall sandbox --faults list` prints it.

`arm` scripts a fault on an account, the same for the same name, seed and account: how many requests pass before it, how
often it falls, on which record. What falls between two nights happens at once.
"""

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from connectors.sandbox.loopback import Request
from connectors.sandbox.script import Fault, FaultName

Where = Literal["list", "write", "between"]
Pause = Callable[[float], None]
DRIP_S = 240.0
"""How long a slow answer takes, in seconds of the clock that it is given."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One account that something goes wrong at, and the chance of this name and seed. `pause` waits so many seconds."""

    account: Any
    rng: random.Random
    pause: Pause

    def on_list(self, name: FaultName, *, after: int | None = None, times: int | None = 1, **options: Any) -> Fault:
        """A fault on pages of the list; `after` by chance: at once, or after a page."""
        server = self.account.list_server(name)
        waits = self.rng.randrange(2) if after is None and server is self.account else after or 0
        made: Fault = server.fault(name, when=server.is_list, after=waits, times=times, **options)
        return made

    def on_write(self, name: FaultName, *, times: int | None = 1, **options: Any) -> Fault:
        """A fault on writes: the first, or the one after it."""
        made: Fault = self.account.fault(
            name, when=self.account.is_write, after=self.rng.randrange(2), times=times, **options
        )
        return made

    def some(self, count: int) -> list[str]:
        """So many who are there, if chance finds them; quick in large accounts."""
        names = list(self.account.ids())
        tried = self.rng.sample(names, min(len(names), 20 * count))
        return [name for name in tried if self.is_active(name)][:count]

    def is_active(self, name: str) -> bool:
        return bool(self.account.read(name).get("status") == "active")


Play = Callable[[Scene], Fault | None]


@dataclass(frozen=True, slots=True)
class Trouble:
    """What can go wrong. `where`: on pages of the list, on writes, or between two nights."""

    name: str
    where: Where
    does: str
    play: Play


def arm(account: Any, name: str, seed: int, pause: Pause = time.sleep) -> Fault | None:
    """Script the fault `name` on an account, or let it happen there; returns what counts its hits, where something does.

    Raises LookupError for a name that is not in the registry.
    """
    if name not in TROUBLES:
        raise LookupError(f"no fault is called {name!r}: `rollcall sandbox --faults list` names them all")
    return TROUBLES[name].play(Scene(account, random.Random(f"{name}-{seed}-{account.name}"), pause))


def heal(account: Any) -> None:
    """End every fault of an account, those of its other hosts too."""
    for server in (account, account.list_server("truncate")):
        server.clear_faults()


def _storm(retry_after: str | int | None, **options: Any) -> Play:
    return lambda scene: scene.on_list(
        "rate_storm", times=scene.rng.randrange(1, 5), retry_after=retry_after, **options
    )


def _on_list(name: FaultName, **options: Any) -> Play:
    return lambda scene: scene.on_list(name, **options)


def _on_write(name: FaultName, **options: Any) -> Play:
    return lambda scene: scene.on_write(name, **options)


_storm_endless = _on_list("rate_storm", times=None, retry_after="absurd")
_cut = _on_list("truncate", content_length=False)
_pretended = _on_write("answer_without_effect", times=2)
_unheard = _on_write("effect_without_answer", times=2)


def _lying(scene: Scene) -> Fault:
    """Wherever something is counted, also apart from the list."""
    made: Fault = scene.account.fault(
        "lying_count", when=lambda request: not scene.account.is_write(request), times=None
    )
    return made


def _nameless(scene: Scene) -> Fault:
    return scene.on_list("wrong_type", field=scene.account.id_field, value=None)


def _burst(scene: Scene) -> Fault:
    return scene.on_list("server_error", times=scene.rng.randrange(1, 5), status=scene.rng.choice((500, 502, 503, 504)))


def _again(name: FaultName) -> Play:
    """What gives an earlier answer again: once a page has passed."""
    return lambda scene: scene.on_list(name, after=1)


def _moved(scene: Scene) -> Fault:
    """A shopper's edit moves a profile to another place in the vendor's order while the list is read."""

    def act(_: Request) -> None:
        for name in scene.some(1):
            scene.account.edit(name, {"note": f"called {scene.rng.randrange(1000)}"})

    return scene.on_list("before_it", after=1, times=2, act=act)


def _drip(scene: Scene) -> Fault:
    return scene.on_list(
        "slow_drip", times=scene.rng.randrange(1, 3), milliseconds=DRIP_S * 1000, pieces=8, pause=scene.pause
    )


def _normalised(scene: Scene) -> Fault:
    """After a write the vendor tidies up what it was given: names in capitals, blanks at the end of a street."""
    ledger = scene.account.ledger.effects

    def act(_: Request) -> None:
        mine = [effect for effect in ledger if effect.account == scene.account.name and effect.profile_id]
        if mine and mine[-1].profile_id in set(scene.account.ids()):
            held = scene.account.read(mine[-1].profile_id)
            tidy = {n: str(held[n]).upper() for n in ("first_name", "last_name", "city") if held.get(n)}
            scene.account.edit(mine[-1].profile_id, tidy)

    return scene.on_write("after_it", times=2, act=act)


def _clerk(fields: Sequence[str], name: FaultName) -> Play:
    """A clerk types into somebody's profile just before (or after) the vendor takes our write."""

    def play(scene: Scene) -> Fault:
        def act(request: Request) -> None:
            for profile_id in list(scene.account.ids()):
                meant = profile_id in request.path or profile_id.encode() in request.body
                if meant and scene.is_active(profile_id):
                    scene.account.edit(profile_id, {field: _typed(field, scene.rng) for field in fields})

        return scene.on_write(name, times=2, act=act)

    return play


def _typed(field: str, rng: random.Random) -> str:
    words = {"email": f"clerk{rng.randrange(10**6)}@example.com", "note": "spoke to the clerk"}
    return words.get(field, f"Clerk{rng.choice('abcdefgh')}")


def _archived(scene: Scene) -> None:
    """Three at most; where the vendor has no archive, or keeps who has bought, nobody goes."""
    for verb in ("archive", "delete"):
        for name in scene.some(3):
            try:
                getattr(scene.account, verb)(name)
            except ValueError:
                break
        else:
            return


def _merged(scene: Scene) -> None:
    names = scene.some(2)
    if hasattr(scene.account, "merge") and len(names) == 2:
        scene.account.merge(*names)


def _edited(scene: Scene) -> None:
    for name in scene.some(3):
        scene.account.edit(name, {"last_name": _typed("last_name", scene.rng)})


_ALL = (
    Trouble("storm_seconds", "list", "429 a few times; Retry-After in seconds", _storm(3)),
    Trouble("storm_date", "list", "429 a few times; Retry-After as an HTTP date", _storm("date")),
    Trouble("storm_silent", "list", "429 a few times, without Retry-After", _storm(None)),
    Trouble("storm_lowercase", "list", "429 a few times; `retry-after` in small letters", _storm(2, header="retry-after")),
    Trouble("storm_endless", "list", "429 for good; it asks to wait a year", _storm_endless),
    Trouble("server_errors", "list", "a burst of 500, 502, 503 or 504", _burst),
    Trouble("server_down", "list", "503 for good", _on_list("server_error", times=None, status=503)),
    Trouble("reset", "list", "the connection is closed without an answer", _on_list("reset", times=2)),
    Trouble("reset_endless", "list", "every connection is closed without an answer", _on_list("reset", times=None)),
    Trouble("slow_drip", "list", "an answer comes in small pieces over four minutes", _drip),
    Trouble("truncated", "list", "half a body, shorter than its Content-Length", _on_list("truncate")),
    Trouble("truncated_silently", "list", "half a body without Content-Length: a normal 200", _cut),
    Trouble("html_page", "list", "a maintenance page with status 200", _on_list("html", times=2)),
    Trouble("html_endless", "list", "a maintenance page with status 200, for good", _on_list("html", times=None)),
    Trouble("empty_list", "list", "the list is empty from its beginning, counts too", _on_list("empty_list", after=0, times=None)),
    Trouble("stops_early", "list", "the list ends in the middle and looks whole", _on_list("stop_at_page", times=None)),
    Trouble("page_twice", "list", "a page comes a second time", _again("page_twice")),
    Trouble("cursor_loop", "list", "the pages go round and round", _again("cursor_loop")),
    Trouble("rows_twice", "list", "every record of a page stands there twice", _on_list("rows_twice", after=0)),
    Trouble("profile_moves", "list", "an edit moves a profile in the vendor's order while the list is read", _moved),
    Trouble("lying_count", "list", "every count is seven more than there are", _lying),
    Trouble("scope_lost", "list", "403 from the middle of the list on", _on_list("scope_lost")),
    Trouble("token_expired", "list", "the token ends in the middle; tokens that rotate are given anew", _on_list("token_expired")),
    Trouble("new_field", "list", "a field that nobody foresaw, on every record", _on_list("new_field", after=0, times=None)),
    Trouble("wrong_type", "list", "a text of one record is an object", _on_list("wrong_type")),
    Trouble("no_id", "list", "a record without an id", _nameless),
    Trouble("huge_note", "list", "a note of 10 MB", _on_list("huge_note")),
    Trouble("lone_surrogate", "list", "half a character in a note", _on_list("lone_surrogate")),
    Trouble("write_storm", "write", "429 on writes, a few times", _on_write("rate_storm", times=3, retry_after=2)),
    Trouble("write_fails", "write", "500 on writes that had no effect", _on_write("server_error", times=2)),
    Trouble("write_reset", "write", "the connection is closed before a write had its effect", _on_write("reset", times=2)),
    Trouble("write_truncated", "write", "a write has its effect, and half of its answer comes", _on_write("truncate", times=2)),
    Trouble("answer_without_effect", "write", "a write is answered as done, and is not", _pretended),
    Trouble("effect_without_answer", "write", "a write has its effect, and no answer comes", _unheard),
    Trouble("write_scope_lost", "write", "403 on every write from now on", _on_write("scope_lost")),
    Trouble("write_token_expired", "write", "the token ends before a write", _on_write("token_expired")),
    Trouble("normalised", "write", "the vendor spells names and cities its own way as it stores them", _normalised),
    Trouble("clerk_first", "write", "a clerk changes the same profile just before our write", _clerk(["last_name"], "before_it")),
    Trouble("clerk_after", "write", "a clerk changes the same profile just after our write", _clerk(["last_name"], "after_it")),
    Trouble("clerk_edits", "between", "a clerk renames three customers", _edited),
    Trouble("vendor_archives", "between", "three customers are archived, or deleted where nothing else is possible", _archived),
    Trouble("vendor_merges", "between", "two customers are merged into one, strangers as they may be", _merged),
)  # fmt: skip
TROUBLES: Mapping[str, Trouble] = {trouble.name: trouble for trouble in _ALL}


def listing() -> list[str]:
    """One line for each fault: its name, where it falls, what it does."""
    widest = max(map(len, TROUBLES))
    return [f"{name:<{widest}}  {trouble.where:<7}  {trouble.does}" for name, trouble in TROUBLES.items()]


def named(text: str) -> list[str]:
    """The names of a list with commas; `all` for every one. Raises LookupError for one that is not there."""
    names = list(TROUBLES) if text == "all" else [part.strip() for part in text.split(",") if part.strip()]
    if unknown := [name for name in names if name not in TROUBLES]:
        raise LookupError(f"no fault is called {unknown[0]!r}: `rollcall sandbox --faults list` names them all")
    return names
