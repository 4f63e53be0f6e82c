"""Children that come before or after their parents, in any order: sorted into buckets on the disk, so that memory does not grow."""

import errno
import tempfile
import zlib
from array import array
from collections.abc import Iterator

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

CHUNK = 16 * 1024
"""Bytes of a bucket that wait in memory; there are as many buckets as pages."""


class Spill:
    """Lines by bucket in a file without a name, sealed with a key that only this process has. Close it at the end.

    All lines of one key are in one bucket, in the order in which they came.
    """

    def __init__(self, buckets: int) -> None:
        self._cipher = AESGCM(AESGCM.generate_key(bit_length=256))
        self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - lives as long as the export is read
        self._waiting = [bytearray() for _ in range(buckets)]
        self._places = [array("Q") for _ in range(buckets)]
        """Begin and size of each chunk, flat: pairs of objects would be most of what grows with the export."""
        self._chunks = self._end = 0

    def add(self, key: str, line: bytes) -> None:
        """Put a line away; it holds no line end but at its own. Raises OSError."""
        bucket = zlib.crc32(key.encode("utf-8", "surrogatepass")) % len(self._waiting)
        self._waiting[bucket] += line.rstrip(b"\r\n") + b"\n"
        if len(self._waiting[bucket]) >= CHUNK:
            self._flush(bucket)

    def buckets(self) -> Iterator[list[bytes]]:
        """The lines, bucket by bucket. Raises OSError."""
        for bucket, places in enumerate(self._places):
            pairs = zip(places[::2], places[1::2], strict=True)
            sealed = b"".join(self._opened(start, size) for start, size in pairs)
            yield (sealed + bytes(self._waiting[bucket])).splitlines()

    def close(self) -> None:
        self._file.close()

    def _flush(self, bucket: int) -> None:
        packed = zlib.compress(bytes(self._waiting[bucket]), level=1)
        sealed = self._cipher.encrypt(self._chunks.to_bytes(12, "big"), packed, None)
        self._file.seek(0, 2)
        self._file.write(self._chunks.to_bytes(12, "big") + sealed)
        self._places[bucket].extend((self._end, 12 + len(sealed)))
        self._chunks, self._end = self._chunks + 1, self._end + 12 + len(sealed)
        self._waiting[bucket] = bytearray()

    def _opened(self, start: int, size: int) -> bytes:
        self._file.seek(start)
        chunk = self._file.read(size)
        try:
            return zlib.decompress(self._cipher.decrypt(chunk[:12], chunk[12:], None))
        except InvalidTag:
            raise OSError(errno.EIO, "a temporary file was changed while it was in use") from None
