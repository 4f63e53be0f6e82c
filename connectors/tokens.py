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

    def read(self) -> Tokens:
        """The pair in force. Raises VendorError when there is none, or when others could read it."""
        with suppress(OSError):
            if self.path.stat().st_mode & 0o077:
                raise VendorError(f"others may read the token file: chmod 600 {self.path}", permanent=True)
        try:
            kept = json.loads(self.path.read_text(encoding="utf-8"))
            ends, scope = _moment(kept.get("expires_at")), str(kept.get("scope") or "")
            return Tokens(_word(kept["access_token"]), _word(kept["refresh_token"]), ends, scope)
        except (OSError, ValueError, LookupError, TypeError, AttributeError):
            pass  # raised out here, so that no text of the file is chained to it
        advice = "a person authorises rollcall once more with `rollcall connect` and the source's name"
        raise VendorError(f"the token file {self.path} holds no pair of tokens: {advice}", permanent=True)

    @contextmanager
    def refreshing(self) -> Iterator["Refreshing"]:
        """Alone among all processes: the pair as it is now, and the place for the new one. Raises VendorError."""
        descriptor = self._lock()
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield Refreshing(self)
        finally:
            os.close(descriptor)

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
        return self.file.read()

    def store(self, new: Tokens) -> None:
        """Replace the pair, all or nothing; it is on the disk when this returns. Raises VendorError: keep to the old one."""
        ends = None if new.expires_at is None else datetime.fromtimestamp(new.expires_at, UTC).isoformat()
        kept = {"access_token": new.access_token, "refresh_token": new.refresh_token, "expires_at": ends}
        kept |= {"scope": new.scope} if new.scope else {}
        path = self.file.path
        half = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            _write_down(half, json.dumps(kept).encode())
            half.replace(path)
            _sync_folder(path.parent)
            return
        except OSError as error:
            reason = error.strerror
        with suppress(OSError):
            half.unlink(missing_ok=True)
        raise VendorError(f"the new tokens could not be stored in {path} ({reason}): not used", permanent=True)


def _write_down(path: Path, content: bytes) -> None:
    path.unlink(missing_ok=True)  # left by a process that died here
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


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


def _moment(value: Any) -> float | None:
    if value is None or isinstance(value, int | float):
        return value
    when = datetime.fromisoformat(value)
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
