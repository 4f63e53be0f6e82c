"""OAuth tokens that outlive a run: a small file, replaced durably before a new token is first used.

Vendors that rotate refresh tokens revoke the old one as they answer: a new one that is lost is an account that is lost
until somebody authorises again. One process refreshes at a time; whoever waited uses what the other got.
"""

import fcntl
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from connectors.base import VendorError


@dataclass(frozen=True, slots=True)
class Tokens:
    """`expires_at`: end of the access token, seconds since the epoch; 0 where it has to be refreshed first."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    expires_at: float
    scope: str = ""


@dataclass(slots=True)
class Refreshing:
    """The file while nobody else may refresh. `tokens`: as it holds them now; None where there is no file yet."""

    path: Path
    tokens: Tokens | None

    def store(self, new: Tokens) -> None:
        """On the disk for good when this returns; only then may the new tokens be used. Raises VendorError."""
        try:
            _replace(
                self.path,
                json.dumps(
                    {
                        "access_token": new.access,
                        "refresh_token": new.refresh,
                        "expires_at": new.expires_at,
                        "scope": new.scope,
                    }
                ).encode(),
            )
        except OSError as error:
            raise VendorError(
                f"the token file {self.path} cannot be written: {error.strerror}", permanent=True
            ) from None
        self.tokens = new


@dataclass(frozen=True, slots=True)
class TokenFile:
    """The tokens of one account, readable by their owner alone. All trouble with the file is a VendorError."""

    path: Path

    def read(self) -> Tokens:
        """The tokens. Raises VendorError where there are none, or where others could read them."""
        found = self._found()
        if found is None:
            raise VendorError(f"there is no token file {self.path}: authorise this source first", permanent=True)
        return found

    @contextmanager
    def refreshing(self) -> Iterator[Refreshing]:
        """Waits until no other process or thread refreshes this account; the kernel frees the lock of a dead one."""
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = self.path.with_name(f"{self.path.name}.lock")
            handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise VendorError(
                f"the token file {self.path} cannot be locked: {error.strerror}", permanent=True
            ) from None
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield Refreshing(self.path, self._found())
        finally:
            os.close(handle)

    def _found(self) -> Tokens | None:
        try:
            with self.path.open("rb") as file:
                mode, content = os.fstat(file.fileno()).st_mode, file.read()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise VendorError(f"the token file {self.path} cannot be read: {error.strerror}", permanent=True) from None
        if mode & 0o077:
            raise VendorError(f"others may read the token file: chmod 600 {self.path}", permanent=True)
        try:
            kept = json.loads(content)
            return Tokens(
                str(kept["access_token"]),
                str(kept["refresh_token"]),
                float(kept["expires_at"]),
                str(kept.get("scope", "")),
            )
        except (ValueError, KeyError, TypeError):
            raise VendorError(
                f"the token file {self.path} is damaged: authorise this source again", permanent=True
            ) from None


def _replace(path: Path, content: bytes) -> None:
    """The whole content or the old one, whenever the machine stops; mkstemp makes the file 0600."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
