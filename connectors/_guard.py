"""Before and around a write: what is not offered is refused before the wire; half a write is never called none."""

import re
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from email.utils import parsedate_to_datetime

from connectors.base import MERGED_INTO, Capabilities, Change, CheckLine, VendorError
from connectors.clock import Clock
from connectors.refusal import BEWILDERED, bewildered

STATUS_AFTER = {"archive": "archived", "restore": "active", "erase": "erased"}
"""The actions that change a profile's status, and nothing else of it."""

_OF_ONE_THING = frozenset({*STATUS_AFTER, "set_group", "merge"})
_OPTS_OUT = ("opt_out", "create")
"""Who is new to a system may have opted out elsewhere (G9)."""
_REASONS = (
    (
        r"already|taken|duplicat|unique|in use",
        "is on another customer already: free it there first, or a person decides (C3, C4)",
    ),
    (r"required|missing|blank|empty|must be present|not be null", "is missing"),
    (r"too (long|short)|at (most|least)|maximum|minimum|longer than|shorter than", "is too long or too short"),
    (r"unknown|no such|not exist|not found|cannot (sort|search)", "is not known there"),
    (
        r"invalid|not valid|format|incorrect|must be|not allowed|not accept|cannot be",
        "is not accepted as it is written",
    ),
)
"""What a vendor's text speaks of, and how we say it."""


def in_our_words(said: str, status: int, fields: Collection[str]) -> str:
    """A vendor's refusal without a word of its own, which may quote anybody: our reason, and those of `fields` it names."""
    named = [name for name in sorted(fields) if re.search(rf"(?i)(?<!\w){re.escape(name)}(?!\w)", said)]
    why = next((ours for words, ours in _REASONS if re.search(rf"(?i)\b({words})", said)), "")
    if not (named or why):
        return f"the vendor refused it ({status})"
    return f"{', '.join(named) or 'a value'} {why or 'is refused'} ({status})"


def listed(said: object, known: Collection[str]) -> str:
    """One word of a vendor, a code or a field's name, where it is one that we know; else nothing: it may be a name."""
    return str(said) if str(said) in known else ""


def refuse_unoffered(name: str, can: Capabilities, change: Change) -> None:
    """Raises VendorError for anything that the source `name` does not offer. An opt-in never is (G9a)."""
    after = change.after
    consent = {field: word for field, word in after.items() if field.endswith("_consent")}
    outs = {f"{channel}_consent": "out" for channel in can.consent}
    why = ""
    if "in" in consent.values():
        why = "an opt-in is never written (G9a)"
    elif change.action not in can.actions:
        why = f"{change.action} is not offered here: see `rollcall check`"
    elif (change.action == "opt_out" and not consent) or (consent and change.action not in _OPTS_OUT):
        why = "consent is written by opt_out, and with a create"
    elif not consent.items() <= outs.items() or (consent and "opt_out" not in can.actions):
        why = "out is written where it can be, for the channels that are known here"
    elif change.action in _OF_ONE_THING:
        why = _misfit(change)
    elif unknown := after.keys() - can.fields - consent.keys():
        why = f"{', '.join(sorted(unknown))} cannot be written"
    elif change.action == "create" and (missing := [field for field in can.required if not after.get(field)]):
        why = f"nobody is created without {', '.join(missing)}"
    if why:
        raise VendorError(f"{name}: {why}", permanent=True)


def _misfit(change: Change) -> str:
    """What an action that changes one thing alone says beside it."""
    after = change.after
    if change.action == "set_group":
        return "" if set(after) == {"group"} else "set_group changes the group alone"
    if change.action == "merge":
        other = after.get(MERGED_INTO)
        names_another = set(after) == {MERGED_INTO} and bool(other and change.profile_id) and other != change.profile_id
        return "" if names_another else "a merge names the other profile, which stays, and nothing else"
    moved = {"status": STATUS_AFTER[change.action]}
    return "" if after == moved else f"{change.action} changes the status alone, to {moved['status']}"


@contextmanager
def after_a_write(text: str, *, began: bool = True) -> Iterator[None]:
    """What fails inside comes after a write that took effect: the effect is then unknown, whatever the failure says."""
    try:
        yield
    except VendorError as error:
        if not began:
            raise
        raise VendorError(f"{text}: {error}", permanent=True, status=error.status, effect="unknown") from None


def checked(name: str, probe: Callable[[], str]) -> CheckLine:
    """One line of `rollcall check`; a refusal is its detail."""
    try:
        return CheckLine(name, ok=True, detail=probe())
    except VendorError as error:
        return CheckLine(name, ok=False, detail=str(error))
    except BEWILDERED as error:
        return CheckLine(name, ok=False, detail=str(bewildered(name, error)))


def clock_told(date: str | None, clock: Clock, *, within_s: float = 300) -> str:
    """How far the vendor's time (its Date header) is from ours. Raises VendorError when that is more than `within_s`."""
    try:
        apart = abs((parsedate_to_datetime(date or "") - clock.now()).total_seconds())
    except (ValueError, TypeError):
        return "the vendor does not say its time"
    if apart > within_s:
        raise VendorError(f"this machine's clock is {apart:.0f} s from the vendor's: set it", permanent=True)
    return f"{apart:.0f} s from the vendor's"
