"""Where tokens that change are kept: on the disk before they are first used, and renewed by one process at a time."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from connectors.base import VendorError

_ROOM = 16 * 1024
"""Bytes that are taken on the disk before a pair is asked for; a pair with its scopes is a few thousand."""


class TokenPlace(BaseModel):
    """`tokens:` of a source whose tokens change at every refresh; a relative path is below the configuration's folder."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: Path


@dataclass(frozen=True, slots=True, repr=False)
class Tokens:
    """One pair as a vendor gave it. `expires_at`: seconds since the epoch; None where the vendor does not say.

    `scope`: what the pair may be used for, in the vendor's words; empty where it does not say.
    """

    access_token: str
    refresh_token: str
    expires_at: float | None = None
    scope: str = ""


class TokenFile:
    """A JSON file, mode 0600: `{"access_token": …, "refresh_token": …, "expires_at": ISO 8601 or seconds, "scope": …}`."""

    def __init__(self, path: Path) -> None:
        self.path = path.expanduser().resolve()

    @property
    def half(self) -> Path:
        """Where a new pair is written down before it takes the place of the old one; one process at a time does so."""
        return self.path.with_name(f".{self.path.name}.new")

    def read(self) -> Tokens:
        """The pair in force, also one that a process stored and died before it was in its place.

        Raises VendorError when there is none, or when others could read it.
        """
        if self.half.exists():
            self._adopt_if_left()
        return self.kept()

    def kept(self) -> Tokens:
        """The pair in its place. Raises as `read`."""
        with suppress(OSError):
            if self.path.stat().st_mode & 0o077:
                raise VendorError(f"others may read the token file: chmod 600 {self.path}", permanent=True)
        if pair := _pair(self.path):
            return pair
        advice = "a person authorises rollcall once more with `rollcall connect` and the source's name"
        raise VendorError(f"the token file {self.path} holds no pair of tokens: {advice}", permanent=True)

    @contextmanager
    def refreshing(self) -> Iterator["Refreshing"]:
        """Alone among all processes: the pair as it is now, and the place for the new one. Raises VendorError."""
        descriptor = self._lock()
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            self._adopt()
            try:
                yield Refreshing(self)
            finally:
                self._tidy()
        finally:
            os.close(descriptor)

    def _adopt_if_left(self) -> None:
        """Whoever holds the lock is storing a pair at this moment: it is not waited for, and nothing of it is touched."""
        descriptor = self._lock()
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._adopt()
        except BlockingIOError:
            return
        finally:
            os.close(descriptor)

    def _adopt(self) -> None:
        """Put in its place what a process that died had written down whole: the vendor may take no older pair any more."""
        half = self.half
        try:
            since = self.path.stat().st_mtime_ns if self.path.exists() else 0
            if _pair(half) and half.stat().st_mtime_ns >= since:
                half.replace(self.path)
            else:
                half.unlink(missing_ok=True)
            return
        except OSError as error:
            reason = error.strerror
        what = f"the newest tokens lie in {half} and cannot be put in their place ({reason}): mend the folder"
        raise VendorError(what, permanent=True)

    def _tidy(self) -> None:
        """Room that was taken for nothing is given back; a whole pair stays for the next who reads."""
        with suppress(OSError):
            if not _pair(self.half):
                self.half.unlink(missing_ok=True)

    def _lock(self) -> int:
        # The token file is replaced, so a lock on it would be a lock on what is no longer there.
        try:
            lock = self.path.with_name(f".{self.path.name}.lock")
            return os.open(lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            reason = error.strerror
        folder = self.path.parent
        raise VendorError(f"the folder {folder} of the tokens cannot be written to ({reason}): mend it", permanent=True)


@dataclass(frozen=True, slots=True, repr=False)
class Refreshing:
    """What one refresher holds while it holds the lock."""

    file: TokenFile

    @property
    def tokens(self) -> Tokens:
        """The pair as it is on the disk; there is none before the first authorization. Raises VendorError."""
        return self.file.kept()

    def take_room(self) -> None:
        """Before a pair is asked for, which may end the old one: take the place for it. Raises VendorError: do not ask."""
        try:
            _write_down(self.file.half, b"")
            return
        except OSError as error:
            reason = error.strerror
        told = (
            f"new tokens could not be stored beside {self.file.path} ({reason}): none are asked for until there is room"
        )
        raise VendorError(told, permanent=True)

    def store(self, new: Tokens) -> None:
        """Replace the pair, all or nothing; it is on the disk when this returns. Raises VendorError: keep to the old one."""
        ends = _written(new.expires_at)
        kept = {"access_token": new.access_token, "refresh_token": new.refresh_token, "expires_at": ends}
        kept |= {"scope": new.scope} if new.scope else {}
        path = self.file.path
        try:
            _write_down(self.file.half, json.dumps(kept).encode())
            self.file.half.replace(path)
            _sync_folder(path.parent)
            return
        except OSError as error:
            reason = error.strerror
        raise VendorError(f"the new tokens could not be stored in {path} ({reason}): not used", permanent=True)


def _write_down(path: Path, content: bytes) -> None:
    """Durably, into the room that was taken: a full disk is met before a pair is asked for, and not after."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600), "wb") as file:
        file.write(content.ljust(_ROOM))
        file.flush()
        os.fsync(file.fileno())
        if content:
            with suppress(OSError):  # the blanks behind it do no harm
                file.truncate(len(content))


def _pair(path: Path) -> Tokens | None:
    """The pair in a file; None where it holds none, or only a part of one. No text of it gets into an exception."""
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        ends, scope = _moment(kept.get("expires_at")), str(kept.get("scope") or "")
        return Tokens(_word(kept["access_token"]), _word(kept["refresh_token"]), ends, scope)
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _word(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("a token is a text")
    return value


def _written(moment: float | None) -> str | None:
    """An end that no calendar holds is written as none: the pair is worth more than its end."""
    try:
        return None if moment is None else datetime.fromtimestamp(moment, UTC).isoformat()
    except (OverflowError, ValueError, OSError):
        return None


def _moment(value: Any) -> float | None:
    if value is None or isinstance(value, int | float):
        return value
    when = datetime.fromisoformat(value)
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
