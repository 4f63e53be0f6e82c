"""The first consent of a vendor whose tokens rotate: a person says yes in the vendor's own screens, and brings back a code."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable
from urllib.parse import parse_qs, urlencode, urlsplit

from connectors.base import VendorError


@runtime_checkable
class Consenting(Protocol):
    """A connector whose tokens begin with a person's consent (the authorization code grant)."""

    def consent(self) -> "Consent":
        """Where to ask for it. Raises VendorError where these settings sign in another way, or lack something."""

    def consented(self, code: str) -> str:
        """Exchange a code, and keep the tokens before they are first used; returns until when they are good, for people.

        Raises VendorError, the code being spent then.
        """


@dataclass(frozen=True, slots=True)
class Consent:
    """`page`: the vendor's consent page. `lasts`: how long a code is good, for people."""

    page: str
    client_id: str
    scopes: tuple[str, ...]
    lasts: str
    redirect_uri: str | None = None

    def address(self, state: str) -> str:
        """What a person opens. `state` comes back with the code, and shows that the answer belongs to this question."""
        query = {"response_type": "code", "client_id": self.client_id, "redirect_uri": self.redirect_uri, "state": state,
                 "scope": " ".join(self.scopes)}  # fmt: skip
        return f"{self.page}?{urlencode({name: value for name, value in query.items() if value is not None})}"


def code_of(answer: str, state: str) -> str:
    """The code in what a person brings back: the whole address that the vendor led to, or the code by itself.

    Raises VendorError: refused, no code, or the answer to another question.
    """
    answer = answer.strip()
    if answer and "://" not in answer and "?" not in answer and "code=" not in answer:
        return answer
    told = parse_qs(urlsplit(answer).query)
    if told.get("state") != [state]:
        what = "this address answers another question (its state is not ours): start again and use the newest address"
    elif "error" in told:
        what = "the consent was refused: an admin of the account has to agree"
    elif code := told.get("code"):
        return code[-1]
    else:
        what = "there is no code in this address: copy all of it from the browser's address bar"
    raise VendorError(what, permanent=True)
