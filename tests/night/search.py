"""Looking for what must not be there: every file of a folder, also inside of what it packs, in whatever capitals."""

import base64
import gzip
import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from connectors.sandbox.world import World
from tests.night.stage import files_below


def unpacked(folder: Path) -> dict[str, bytes]:
    """Every file below a folder by its name, and what is packed in it behind `!` (zip) and `#` (a page's payload)."""
    return dict(part for path in files_below(folder) for part in _parts(path))


def found(texts: Mapping[str, bytes], wanted: set[bytes]) -> set[tuple[str, bytes]]:
    """Which texts hold one of the wanted ones, in whatever capitals."""
    lowered = {name: content.lower() for name, content in texts.items()}
    return {(name, one) for name, content in lowered.items() for one in wanted if one in content}


def sentinels(world: World) -> set[bytes]:
    return {text.strip().lower().encode() for text in world.sentinels()}


def secrets(world: World) -> set[bytes]:
    """Every secret, and every line of the long ones; the key of the workspace, but for its own file."""
    values = list(world.secrets().values())
    lines = {line for value in values for line in value.splitlines() if len(line) > 16 and "KEY-----" not in line}
    return {line.lower().encode() for line in lines}


def _parts(path: Path) -> Iterator[tuple[str, bytes]]:
    """The bytes of a file, of what it zips, and of what a page carries as base64."""
    content = path.read_bytes()
    yield str(path), content
    if content.startswith(b"PK\x03\x04"):  # `is_zipfile` also takes chance bytes at the end of what is encrypted
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            yield from ((f"{path}!{name}", archive.read(name)) for name in archive.namelist())
    for place, run in enumerate(re.findall(rb"[A-Za-z0-9+/]{200,}={0,2}", content)):
        packed = base64.b64decode(run[: len(run) // 4 * 4])
        if packed.startswith(b"\x1f\x8b"):
            yield f"{path}#{place}", gzip.decompress(packed)
