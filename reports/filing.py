"""Files of a report appear whole or not at all, and for their owner only."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def private_file(path: Path) -> Iterator[Path]:
    """A neighbour of `path` (mode 0600) to write to; it takes the name `path` when the block ends well.

    When the block raises, whatever stood at `path` stays as it was. Raises OSError.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    os.close(handle)
    part = Path(name)
    try:
        yield part
        _settle(part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def write_bytes(path: Path, content: bytes) -> None:
    """Put `content` at `path`, whole and private."""
    with private_file(path) as part:
        part.write_bytes(content)


def _settle(part: Path) -> None:
    """Bring the bytes to the disk before the name points at them."""
    part.chmod(0o600)
    with part.open("rb") as file:
        os.fsync(file.fileno())
