"""Below a request: sessions, addresses, and the bytes of an answer as they arrive."""

import ipaddress
import json
import re
import zlib
from collections.abc import Iterator, Mapping
from http.cookiejar import DefaultCookiePolicy
from typing import Any, NamedTuple

import orjson
import requests
import urllib3

from connectors.base import VendorError

_PIECE = 64 * 1024


class Trouble(NamedTuple):
    """Why a request came to nothing."""

    text: str
    permanent: bool
    sent: bool
    """Whether the request may have reached the vendor."""


UNSENDABLE = Trouble(
    "could not be sent: the secret of this source holds a line end or a letter that no header takes, or a value half a "
    "character: correct it",
    permanent=True,
    sent=False,
)
UNREADABLE = Trouble("was answered with a header that cannot be read", permanent=True, sent=True)


def sendable(headers: Mapping[str, str]) -> None:
    """Raise ValueError, without the value, for a header that cannot be sent; libraries would put it into their text."""
    if not all(re.fullmatch(r"[\t\x20-\x7e\x80-\xff]*", value) for value in headers.values()):
        raise ValueError("a header")


def diagnosis(error: requests.RequestException) -> Trouble | None:
    """What went wrong on the way, in words that hold no URL; None for what is none of the network's troubles."""
    cause = error.args[0] if error.args else None
    reason = getattr(cause, "reason", cause)
    if isinstance(error, requests.exceptions.SSLError):
        return Trouble("has no TLS certificate that this machine trusts: check base_url", permanent=True, sent=False)
    if isinstance(reason, urllib3.exceptions.NameResolutionError):
        return Trouble("could not be sent: the host's name is not known", permanent=False, sent=False)
    unsent = (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError)
    if isinstance(reason, unsent) or isinstance(error, requests.exceptions.ProxyError):
        return Trouble("could not be sent: the host does not answer", permanent=False, sent=False)
    if isinstance(error, requests.Timeout):
        return Trouble("was not answered in time", permanent=False, sent=True)
    if isinstance(error, (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        return Trouble("broke off before an answer", permanent=False, sent=True)
    return None


def decoded(response: requests.Response) -> Iterator[bytes]:
    """The body piece by piece as it arrives. Raises EOFError when it is cut short, as far as it can tell."""
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    # read1: a plain read waits for a full piece, and so outlives any deadline when the server drips.
    raw = iter(lambda: response.raw.read1(_PIECE, decode_content=False) or b"", b"")
    if encoding in {"gzip", "x-gzip"}:
        return _gunzipped(raw)
    if encoding not in {"", "identity"}:
        raise EOFError(encoding)
    return raw


def _gunzipped(pieces: Iterator[bytes]) -> Iterator[bytes]:
    member = zlib.decompressobj(31)
    empty = True
    for piece in pieces:
        empty, rest = False, piece
        while rest:
            member = zlib.decompressobj(31) if member.eof else member
            yield member.decompress(rest, _PIECE)
            rest = member.unconsumed_tail or member.unused_data
    if not empty:
        yield member.flush()
        if not member.eof:
            raise EOFError("gzip")


def lines(pieces: Iterator[bytes], longest: int) -> Iterator[bytes]:
    """Whole lines with their ends; the last one may have none."""
    rest = bytearray()
    for piece in pieces:
        rest += piece
        if b"\n" in piece:
            *whole, last = bytes(rest).split(b"\n")
            for line in whole:
                yield line + b"\n"
            rest = bytearray(last)
        if len(rest) > longest:
            raise VendorError(f"a line of the file is longer than {longest} bytes", permanent=True)
    if rest:
        yield bytes(rest)


def loads(body: bytes) -> Any:
    """JSON, strictly; but a lone surrogate passes, so that one record can be quarantined and not its page.

    Raises ValueError.
    """

    def refuse(name: str) -> Any:
        raise ValueError(name)

    body = body.removeprefix(b"\xef\xbb\xbf")
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        text = body.decode("utf-8")
    try:
        return json.loads(text, parse_constant=refuse)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def origin(url: object) -> tuple[str, str, int | None]:
    """Scheme, host and port: what credentials are bound to; all empty where there is a user in front, or no address.

    Read as the library reads it that sends: two readings of one odd address would be a way out for a token.
    """
    try:
        parts = urllib3.util.parse_url(url) if isinstance(url, str) else urllib3.util.Url()
    except urllib3.exceptions.LocationParseError:
        parts = urllib3.util.Url()
    if parts.auth is not None or not parts.host:
        return "", "", None
    scheme = (parts.scheme or "").lower()
    return scheme, parts.host.strip("[]").lower(), parts.port or {"https": 443, "http": 80}.get(scheme)


def _on_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def require_private(source: str, url: object) -> None:
    """Raise VendorError unless the address is https, or http on loopback, without a user in front of the host."""
    scheme, host, _ = origin(url)
    if not host:
        raise VendorError(
            f"{source}: the address names no host, or a user in front of it: write https://HOST/…", permanent=True
        )
    if scheme != "https" and not (scheme == "http" and _on_loopback(host)):
        raise VendorError(
            f"{source}: {scheme}://{host} would send credentials in the clear: write https://{host}",
            permanent=True,
        )


def session_for(url: str) -> requests.Session:
    """A session that keeps no cookies and adds no credentials of its own (.netrc)."""
    session = requests.Session()
    session.trust_env = not _on_loopback(origin(url)[1])
    session.auth = lambda request: request
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.headers.update({"Accept-Encoding": "gzip", "User-Agent": "rollcall"})
    return session
