"""One key, and everything that is kept under it: sealed bytes, encrypted Parquet, keyed hashes (DESIGN, Data at rest).

Schemes: AES-256-GCM with a key per purpose by HKDF-SHA256; Parquet Modular Encryption (AES-GCM) of footer and all
columns; HMAC-SHA256. Files are 0600, folders 0700; what was written is on the disk before a function returns.
"""

import base64
import binascii
import hmac
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.parquet.encryption as pe
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from jobs.errors import ConfigError

ROW_GROUP = 20_480
"""Rows per row group, and in memory while a file is written or read: ten of DuckDB's vectors."""
_MAGIC = b"RCV1"
_ENCRYPTED_PARQUET = b"PARE"
_NO_METADATA: Mapping[str, str] = MappingProxyType({})


class Vault:
    """The workspace's key. Two vaults of the same key read each other's files; no other vault does."""

    __slots__ = ("_crypto", "_derived", "_key")

    def __init__(self, key: bytes) -> None:
        if len(key) != 32:
            raise ConfigError("the workspace key is not 32 bytes long")
        self._key = key
        self._derived: dict[str, bytes] = {}
        self._crypto = pe.CryptoFactory(lambda _: _wrapping(self))

    @classmethod
    def open(cls, *, env: str | None = None, file: Path | None = None) -> "Vault":
        """The vault of the key (32 bytes as base64) in an environment variable or a file; a missing file is made once.

        Raises ConfigError: no place or two, an empty variable, a file that others may read, a text that is no key.
        """
        if env is not None and file is None:
            text, place = os.environ.get(env, ""), f"environment variable {env}"
        elif file is not None and env is None:
            text, place = _read_key(file), f"file {file}"
        else:
            raise ConfigError("the key has one place: {env: NAME} or {file: PATH}")
        return cls(_decoded(text, place))

    def seal(self, data: bytes, purpose: str) -> bytes:
        """`data` encrypted and signed; only `unseal` with the same key and purpose opens it."""
        nonce = secrets.token_bytes(12)
        return _MAGIC + nonce + AESGCM(self._derive(f"seal:{purpose}")).encrypt(nonce, data, _bound(purpose))

    def unseal(self, data: bytes, purpose: str) -> bytes:
        """What `seal` was given. Raises ConfigError when the key, the purpose or the bytes are others."""
        nonce, sealed = data[4:16], data[16:]
        try:
            if not data.startswith(_MAGIC):
                raise InvalidTag
            return AESGCM(self._derive(f"seal:{purpose}")).decrypt(nonce, sealed, _bound(purpose))
        except (InvalidTag, ValueError) as error:
            raise ConfigError(
                f"the sealed {purpose} data was sealed with another key, or was changed since: "
                "put back the key file (or variable) with which this workspace was made"
            ) from error

    def hash(self, *parts: str) -> str:
        """A keyed hash of the parts, 32 hex characters; no two different lists of parts share their input."""
        mac = hmac.new(self._derive("hash"), digestmod=sha256)
        for part in parts:
            data = part.encode("utf-8", "surrogatepass")
            mac.update(len(data).to_bytes(8, "big") + data)
        return mac.hexdigest()[:32]

    def sql_key(self, purpose: str) -> str:
        """64 hex characters from which SQL computes keyed hashes of its own."""
        return self._derive(f"sql:{purpose}").hex()

    def write_parquet(
        self,
        path: Path,
        batches: pa.RecordBatchReader | Iterable[pa.RecordBatch],
        schema: pa.Schema,
        metadata: Mapping[str, str] = _NO_METADATA,
    ) -> int:
        """Write encrypted Parquet and return its rows. An existing file is overwritten: write to a new name."""
        setup = pe.EncryptionConfiguration(
            "rollcall", uniform_encryption=True, double_wrapping=False, data_key_length_bits=256
        )
        properties = self._crypto.file_encryption_properties(pe.KmsConnectionConfig(), setup)
        rows = 0
        with (
            open_private(path) as sink,
            pq.ParquetWriter(
                sink, schema.with_metadata(dict(metadata)), compression="zstd", encryption_properties=properties
            ) as writer,
        ):
            for table in _row_groups(batches, schema):
                writer.write_table(table.replace_schema_metadata(dict(metadata)), row_group_size=ROW_GROUP)
                rows += table.num_rows
        return rows

    def read_parquet(self, path: Path, columns: Sequence[str] | None = None) -> pa.RecordBatchReader:
        """The rows of a file of `write_parquet`, lazily; its metadata is in `schema.metadata`.

        Raises ConfigError: another key, a damaged file, or one in clear. Damage further on is raised while reading.
        """
        file = self._parquet(path)
        names = list(columns) if columns is not None else None
        schema = file.schema_arrow
        if names is not None:
            schema = pa.schema([schema.field(name) for name in names], schema.metadata)
        return pa.RecordBatchReader.from_batches(schema, _read(file, path, names))

    def _parquet(self, path: Path) -> pq.ParquetFile:
        with path.open("rb") as file:
            if file.read(4) != _ENCRYPTED_PARQUET:
                raise ConfigError(f"{path}: not a sealed file of rollcall")
        properties = self._crypto.file_decryption_properties(pe.KmsConnectionConfig())
        try:
            return pq.ParquetFile(path, decryption_properties=properties)
        except (OSError, pa.ArrowInvalid) as error:
            raise _damaged(path) from error

    def _derive(self, purpose: str) -> bytes:
        if purpose not in self._derived:
            kdf = HKDF(SHA256(), length=32, salt=b"rollcall", info=purpose.encode())
            self._derived[purpose] = kdf.derive(self._key)
        return self._derived[purpose]


def _wrapping(vault: Vault) -> Any:
    """A KMS client that wraps a file's data key with the vault's own, in this process."""
    methods = {
        "wrap_key": lambda _, key, __: base64.b64encode(vault.seal(key, "parquet")).decode(),
        "unwrap_key": lambda _, wrapped, __: vault.unseal(base64.b64decode(wrapped), "parquet"),
    }
    return type("VaultClient", (pe.KmsClient,), methods)()


def private_folder(path: Path) -> Path:
    """Make a folder (and those above it that are missing) for the owner alone."""
    for folder in (*reversed(path.parents), path):
        if not folder.exists():
            folder.mkdir(mode=0o700, exist_ok=True)
    return path


@contextmanager
def open_private(path: Path) -> Iterator[BinaryIO]:
    """A file for the owner alone, on the disk when the block ends."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        os.fchmod(handle, 0o600)
        yield file
        file.flush()
        os.fsync(handle)


def replace_private(path: Path, data: bytes) -> None:
    """Put `data` in the place of `path`: a reader, or a power cut, finds the old file or the new one, never a part."""
    beside = path.with_name(f"{path.name}.new")
    with open_private(beside) as file:
        file.write(data)
    beside.replace(path)
    sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """Make renames inside a folder durable."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _read_key(file: Path) -> str:
    if not file.exists():
        _make_key(file)
    if file.stat().st_mode & 0o077:
        raise ConfigError(f"{file}: others may read this key; run: chmod 600 {file}")
    return file.read_text(encoding="ascii", errors="replace").strip()


def _make_key(file: Path) -> None:
    """Make the key under another name and link it in place, so that of two starts at once one key wins."""
    private_folder(file.parent)
    beside = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
    with open_private(beside) as sink:
        sink.write(base64.b64encode(secrets.token_bytes(32)) + b"\n")
    try:
        os.link(beside, file)
    except FileExistsError:
        pass
    finally:
        beside.unlink()
    sync_folder(file.parent)


def _decoded(text: str, place: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != 32:
        raise ConfigError(
            f"the {place} holds no key: it must be 32 random bytes as base64 (head -c 32 /dev/urandom | base64)"
        )
    return key


def _bound(purpose: str) -> bytes:
    return _MAGIC + purpose.encode()


def _damaged(path: Path) -> ConfigError:
    return ConfigError(f"{path}: damaged, or no sealed file of rollcall; remove it and run again")


def _row_groups(batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.Table]:
    """The batches again, in tables of whole row groups, so that many small ones do not become many row groups."""
    waiting: list[pa.RecordBatch] = []
    rows = 0
    for batch in batches:
        waiting.append(batch)
        rows += batch.num_rows
        if rows >= ROW_GROUP:
            table = pa.Table.from_batches(waiting, schema)
            whole = rows - rows % ROW_GROUP
            yield table.slice(0, whole)
            waiting = table.slice(whole).to_batches()
            rows -= whole
    if waiting:
        yield pa.Table.from_batches(waiting, schema)


def _read(file: pq.ParquetFile, path: Path, columns: list[str] | None) -> Iterator[pa.RecordBatch]:
    with file:
        try:
            yield from file.iter_batches(batch_size=ROW_GROUP, columns=columns)
        except (OSError, pa.ArrowInvalid) as error:
            raise _damaged(path) from error
