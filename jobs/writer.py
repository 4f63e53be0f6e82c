"""One correction, written to one source: judged against the present, journaled before the call, read back after.

Journal entries name fields, never values.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

import phonenumbers

from connectors.base import VIEW_FIELDS, Change, Connector, Record, VendorError
from jobs import merges
from jobs.corrections import REPLACES, Correction, CorrectionState, fingerprint
from jobs.journal import CREATED, Journal

View = Mapping[str, str | None]
NOT_SENT = "a write of unknown outcome had no effect"
OTHERS_CHANGED = "other fields changed with the write: "
PURGED = "its values were purged: plan it again"
AGAIN = "written, and at the end of the run otherwise again: "
_LONGEST_DETAIL = 300


class PausedError(Exception):
    """Nothing more may be written now; the correction is as it was."""


@dataclass(frozen=True, slots=True)
class Writer:
    """The only writer of one source. `region`: of its phone numbers (G3). `may_write` is asked before every write.

    `probe` is told of every step as `STEP CORRECTION`; steps: before_intent, after_intent, after_write, after_outcome,
    after_verify.
    """

    connector: Connector
    journal: Journal
    region: str
    may_write: Callable[[], bool]
    probe: Callable[[str], None]

    def attempt(self, correction: Correction) -> Correction:
        """Write a ready correction. Raises VendorError when the profile cannot be read for now: it stays ready."""
        self.at("before_intent", correction)
        record = self._read(correction.profile_id)
        reason = self.not_as_judged(correction, record)
        if reason:
            return self.journal.move(correction, "handed_back", reason)
        if correction.action == "merge":
            return self._merge(correction, record)
        if correction.brought_by and record is not None and not self.missing(correction, self.connector.view(record)):
            return self.journal.move(self.journal.move(correction, "intended"), "verified", "reads so already")
        return self._write(correction, record)

    def settle(self, correction: Correction) -> Correction:
        """Find out what became of a write that was begun, by reading alone; one that had no effect is ready again.

        Raises VendorError when nothing can be read for now: it stays in doubt.
        """
        if correction.state == "unknown" and correction.detail.startswith(OTHERS_CHANGED):
            return correction
        if not correction.after:  # nothing is left by which it could be told
            over: CorrectionState = "unknown" if correction.state == "applied" else "handed_back"
            return self.journal.move(correction, over, PURGED)
        once = {"create": self._settle_create, "erase": self._settle_erasure, "merge": self._settle_merge}
        if correction.action in once:
            return once[correction.action](correction)
        if correction.state == "applied":
            return self._verify(correction, None)
        record = self._read(correction.profile_id)
        if record is not None and not self.missing(correction, self.connector.view(record)):
            return self.verified(correction)
        return self._begun_anew(correction, self.not_as_judged(correction, record))

    def _settle_create(self, correction: Correction) -> Correction:
        if correction.state == "applied" or correction.new_id is not None:
            return self._verify(correction, None)
        made = self.connector.find("key", correction.correction_id)
        holders = self._holders(correction)
        for record in made or [record for record in holders.values() if self._same_names(correction, record)]:
            found = self.journal.move(correction, "unknown", "found again", new_id=self._id(record))
            return self._verify(found, None)
        if holders:
            return self.journal.move(correction, "handed_back", _taken(holders))
        return self.journal.move(correction, "ready", NOT_SENT)

    def _settle_erasure(self, correction: Correction) -> Correction:
        if correction.state == "applied":
            return self._verify_erasure(correction)
        if not self.still_there(correction):
            return self.verified(correction)
        return self._begun_anew(correction, self.not_as_judged(correction, self._read(correction.profile_id)))

    def _merge(self, correction: Correction, record: Record | None) -> Correction:
        """Asked for only after the vendor's preview, where there is one, names the same survivor and nothing against it."""
        foreseen = merges.foresee(self.connector, change_of(correction, record))
        if foreseen is not None:
            correction = self.journal.foresaw(correction, merges.kept_words(foreseen))
            if against := merges.contradiction(correction, foreseen):
                return self.journal.move(correction, "refused", without_values(against, correction))
        return self._write(correction, record)

    def _settle_merge(self, correction: Correction) -> Correction:
        reading = merges.read(self.connector, correction)
        if reading.state == "unknown" and correction.state == "unknown":
            return correction
        if reading.state in {"verified", "unknown"}:
            return self._came_to(correction, reading)
        if correction.state == "applied":
            return self.journal.move(correction, "unknown", "the vendor said done, and it does not show")
        return self._begun_anew(
            correction, reading.why or self.not_as_judged(correction, self._read(correction.profile_id))
        )

    def _verify_merge(self, correction: Correction) -> Correction:
        try:
            return self._came_to(correction, merges.read(self.connector, correction))
        except VendorError as error:
            text = f"not read back: {without_values(str(error), correction)}"
            return self.journal.move(correction, "unknown", text)

    def _came_to(self, correction: Correction, reading: merges.Reading) -> Correction:
        if reading.state == "verified":
            return self.verified(correction, reading.why)
        return self.journal.move(correction, "unknown", reading.why or "reads back otherwise: both are still there")

    def _begun_anew(self, correction: Correction, reason: str) -> Correction:
        """One that had no effect is ready again, but where `reason` or what was seen before stands against it."""
        if not reason and correction.detail.startswith(AGAIN):
            reason = f"{correction.detail}; somebody undid it, or a sync"
        if reason:
            return self.journal.move(correction, "handed_back", f"after a write of unknown outcome: {reason}")
        return self.journal.move(correction, "ready", NOT_SENT)

    def not_as_judged(self, correction: Correction, record: Record | None) -> str:
        """Why this profile is no longer what the plan judged; empty when it is."""
        if not correction.after:
            return PURGED
        if correction.action == "create":
            holders = self._holders(correction)
            return _taken(holders) if holders else ""
        if record is None:
            return "the profile is gone"
        view = self.connector.view(record)
        now = fingerprint(self.journal.vault, correction.source, correction.profile_id, view, correction.before)
        if now == correction.fingerprint:
            return ""
        if correction.action == "erase":  # what was judged is not kept
            return "changed since the plan: it may be another person's by now"
        changed = [name for name in correction.before if (view.get(name) or "") != (correction.before[name] or "")]
        return f"changed since the plan: {', '.join(changed or ['status'])}"

    def _write(self, correction: Correction, record: Record | None) -> Correction:
        if not self.may_write():
            raise PausedError
        correction = self.journal.move(correction, "intended")
        self.at("after_intent", correction)
        try:
            written_id = self.connector.write(change_of(correction, record))
        except VendorError as error:
            outcome: CorrectionState = "refused" if error.effect == "none" else "unknown"
            return self.journal.move(correction, outcome, without_values(str(error), correction))
        self.at("after_write", correction)
        new_id = written_id if correction.action == "create" else None
        correction = self.journal.move(correction, "applied", new_id=new_id)
        self.at("after_outcome", correction)
        if correction.action == "erase":
            return self._verify_erasure(correction)
        return self._verify(correction, None if record is None else self.connector.view(record))

    def _verify(self, correction: Correction, before: View | None) -> Correction:
        """Read back: every field that was to change shows it, every other field is as it was (where that is known)."""
        if correction.action == "merge":
            return self._verify_merge(correction)
        try:
            record = self._read(correction.new_id or correction.profile_id)
        except VendorError as error:
            text = f"not read back: {without_values(str(error), correction)}"
            return self.journal.move(correction, "unknown", text)
        return self.read_back(correction, record, before)

    def read_back(self, correction: Correction, record: Record | None, before: View | None) -> Correction:
        """What a record that was read after the write says of it; `before`: the view just before it, where that is known."""
        if record is None:
            return self.journal.move(correction, "unknown", "the profile is gone after the write")
        view = self.connector.view(record)
        missing = self.missing(correction, view)
        others = [] if before is None else self._others(correction, before, view)
        if others:
            return self.journal.move(correction, "unknown", OTHERS_CHANGED + ", ".join(others))
        if missing:
            return self.journal.move(correction, "unknown", f"reads back otherwise: {', '.join(missing)}")
        return self.verified(correction)

    def _verify_erasure(self, correction: Correction) -> Correction:
        """Read back that nobody is there; a vendor that erases later has said yes, and a later list shows it (M15)."""
        try:
            shown = self.connector.erasure(correction.profile_id or "")
        except VendorError as error:
            text = f"not read back: {without_values(str(error), correction)}"
            return self.journal.move(correction, "unknown", text)
        if shown == "gone":
            return self.verified(correction)
        if shown == "asked" or self.connector.capabilities.erases_later:
            return self.verified(correction, "asked of the vendor; a later list shows when it is done")
        return self.journal.move(correction, "unknown", "the profile still shows who it was")

    def still_there(self, correction: Correction) -> bool:
        """Whether who was erased or merged away can be seen again, and nothing says that it is yet to come (M10, M15)."""
        if correction.action == "merge":
            return merges.read(self.connector, correction).state != "verified"
        return self.connector.erasure(correction.profile_id or "") == "there"

    def verified(self, correction: Correction, detail: str = "") -> Correction:
        correction = self.journal.move(correction, "verified", detail)
        self.at("after_verify", correction)
        return correction

    def missing(self, correction: Correction, view: View) -> list[str]:
        """The fields of `after` that the profile does not show; where a system has no word for out, unticked will do (G9)."""
        missing = self._differing(correction.after, correction.after, view)
        silent = {f"{channel}_consent" for channel in self.connector.capabilities.silent_outs}
        unticked = {n for n in missing if n in silent and correction.after[n] == "out" and view.get(n) == "unknown"}
        return [name for name in missing if name not in unticked]

    def _others(self, correction: Correction, before: View, view: View) -> list[str]:
        links = (name for name in {*before, *view} if name.startswith("link:"))
        names = [name for name in (*VIEW_FIELDS, *sorted(links)) if name not in correction.after]
        return self._differing(names, before, view)

    def _differing(self, names: Iterable[str], left: View, right: View) -> list[str]:
        return [n for n in names if plain(n, left.get(n), self.region) != plain(n, right.get(n), self.region)]

    def _holders(self, correction: Correction) -> dict[str, Record]:
        """By id, who holds the phone or email of a profile to be created (T2, T3: nothing is made beside it)."""
        phone = e164(correction.after.get("phone") or "", self.region)
        email = (correction.after.get("email") or "").strip()
        by_phone = self.connector.find("phone", phone) if phone else []
        by_email = self.connector.find("email", email) if email else []
        holders = {self._id(record): record for record in (*by_phone, *by_email)}
        # M12: the archived profile that the new one replaces keeps its contact, and stands in nobody's way
        return {name: record for name, record in holders.items() if name != correction.before.get(REPLACES)}

    def _same_names(self, correction: Correction, record: Record) -> bool:
        return not self._differing(("first_name", "last_name"), correction.after, self.connector.view(record))

    def _read(self, profile_id: str | None) -> Record | None:
        return None if profile_id is None else self.connector.fetch([profile_id]).get(profile_id)

    def _id(self, record: Record) -> str:
        return str(record[self.connector.ID])

    def at(self, step: str, correction: Correction) -> None:
        self.probe(f"{step} {correction.correction_id}")


def plain(name: str, value: str | None, region: str) -> str:
    """A value as it compares: vendors may spell it differently, and mean the same."""
    text = (value or "").strip()
    if name == "phone":
        return e164(text, region) or text
    if name == "email":
        return text.casefold()
    if name == "tags":
        return ";".join(sorted(part.strip() for part in text.split(";")))
    return text


def e164(text: str, region: str) -> str | None:
    """A phone number as E.164; None when it does not parse (G3)."""
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if number.extension or not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def resolved(correction: Correction, made: Mapping[str, Correction]) -> Correction:
    """The correction with the ids of the profiles that others have created for it."""
    after = {
        name: made[value.removeprefix(CREATED)].new_id if value is not None and value.startswith(CREATED) else value
        for name, value in correction.after.items()
    }
    return replace(correction, after=after)


def change_of(correction: Correction, record: Record | None) -> Change:
    return Change(
        action=correction.action,
        profile_id=correction.profile_id,
        before=correction.before,
        after=correction.after,
        key=correction.correction_id,
        current=record,
    )


def _taken(holders: Mapping[str, Record]) -> str:
    return f"its phone or email is on another profile: {', '.join(sorted(holders))}"


def without_values(text: str, correction: Correction) -> str:
    """A vendor's sentence without the values that it repeats."""
    values = {value for value in (*correction.before.values(), *correction.after.values()) if value and len(value) > 2}
    for value in sorted(values, key=len, reverse=True):
        text = text.replace(value, "[…]")
    return text[:_LONGEST_DETAIL]
