"""Uploads that were announced: where to send a file, what has to come with it, and what lies there (sheet: Bulk writes)."""

import hashlib
from email.parser import BytesParser
from email.policy import HTTP

from connectors.sandbox.server import Request, Response

UPLOADS = "/staged"
MOST_BYTES = 100 * 1024 * 1024
_REFUSED = (
    b"<?xml version='1.0' encoding='UTF-8'?><Error><Code>AccessDenied</Code><Message>Invalid policy.</Message></Error>"
)


class StagedFiles:
    """The files of one shop, by the key under which each was announced."""

    def __init__(self, name: str) -> None:
        self.contents: dict[str, bytes] = {}
        self._name = name
        self._announced: dict[str, dict[str, str]] = {}

    def announce(self, filename: str, kind: str) -> dict[str, str]:
        """The parameters of one upload, in order; each must come back as it is."""
        number = len(self._announced) + 1
        key = f"tmp/{self._name}/bulk/{number}/{filename}"
        policy = hashlib.sha256(f"{self._name}-{number}".encode()).hexdigest()
        given = {"Content-Type": kind, "success_action_status": "201", "acl": "private", "key": key, "policy": policy}
        self._announced[key] = given
        return given

    def take(self, request: Request) -> Response:
        """An upload: every parameter as announced, the file last, and no token, which has no business here."""
        parts = _parts(request)
        names, given = [name for name, _ in parts], {name: value.decode() for name, value in parts if name != "file"}
        fits = given == self._announced.get(given.get("key", "")) and names[-1:] == ["file"] and len(names) > 1
        if not fits or request.header("X-Shopify-Access-Token"):
            return Response(403, body=_REFUSED, headers={"Content-Type": "application/xml"})
        self.contents[given["key"]] = parts[-1][1]
        return Response(201, body=b"", headers={"Content-Type": "application/xml"})


def _parts(request: Request) -> list[tuple[str, bytes]]:
    """The parts of a form in their order, by name."""
    head = f"Content-Type: {request.header('Content-Type')}\r\n\r\n".encode()
    form = BytesParser(policy=HTTP).parsebytes(head + request.body)
    if not form.is_multipart():
        return []
    found = []
    for part in form.iter_parts():
        content = part.get_payload(decode=True)
        name = part.get_param("name", header="content-disposition")
        found.append((str(name), content if isinstance(content, bytes) else b""))
    return found
