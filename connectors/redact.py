"""What must not show in a text: secrets, credential headers, queries, and the parts of a path that name a person."""

import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

_CREDENTIAL = re.compile(
    r"""(?ix)((?:proxy-)?authorization|x-[\w-]*(?:token|key|auth)[\w-]*|client[_-]?(?:secret|id)|(?:api|access)[_-]?(?:key|token)|password|token)
    (["']?\s*[:=]\s*["']?)(?:(?:bearer|basic|token)\s+)?[^\s"',;&}]+"""
)
_QUERY = re.compile(r"""((?:https?://|/)[^\s?"']*)\?[^\s"']*""")


def spellings(secret: str) -> set[str]:
    """A secret as it may show, in addresses too."""
    return {secret, secret.strip(), quote(secret, safe="", errors="replace"), quote_plus(secret, errors="replace")} - {
        ""
    }


def without(secrets: Iterable[str], text: str) -> str:
    """The text without these secrets (longest first), credential headers and query strings."""
    for secret in secrets:
        text = text.replace(secret, "[secret]")
    return _QUERY.sub(r"\1?[…]", _CREDENTIAL.sub(r"\1\2[secret]", text))


def segment(part: str) -> str:
    """A part of a path; one that may be a phone number or an email is not shown."""
    personal = "@" in part or "%40" in part or re.fullmatch(r"(\+|%2B)?[\d().-]{10,}", part, re.IGNORECASE)
    return "[…]" if personal else part
