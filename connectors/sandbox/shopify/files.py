"""Where bulk results lie and uploads go: not the API's host, signed addresses that expire, no token (sheet: Bulk export)."""

import hashlib
import hmac
from typing import Any

from connectors.sandbox.base import Ledger, Now
from connectors.sandbox.server import Fault, FaultName, Request, Response, VendorServer
from connectors.sandbox.shopify.bulk import FILE_SECONDS, BulkDesk, Operation
from connectors.sandbox.shopify.staged import UPLOADS, StagedFiles

IN_THE_FILE: frozenset[FaultName] = frozenset(
    {"reset", "truncate", "html", "slow_drip", "page_twice", "cursor_loop", "rows_twice", "new_field", "wrong_type",
     "huge_note", "lone_surrogate"}
)  # fmt: skip
"""Faults of a list that fall on the file it is in."""
DENIED = (
    b"<?xml version='1.0' encoding='UTF-8'?><Error><Code>AccessDenied</Code><Message>Access denied.</Message></Error>"
)


class FileHost(VendorServer):
    """Serves the results of a shop's bulk operations; faults are scripted here as on any server."""

    def __init__(self, name: str, now: Now, ledger: Ledger, desk: BulkDesk, staged: StagedFiles) -> None:
        super().__init__(f"{name}-files", now, ledger)
        self._desk = desk
        self._staged = staged
        self._key = f"{name}-signing".encode()

    def url_of(self, entry: Any, partial: bool) -> str | None:
        """The signed address of an operation's result, or of its partial one; None where there is none."""
        operation = self._desk.operations[entry["id"]]
        ended = "FAILED" if partial else "COMPLETED"
        if operation.status != ended or operation.completed_at is None or not operation.lines:
            return None
        expires = int(operation.completed_at) + FILE_SECONDS
        path = f"/bulk/{operation.id}/{'partial' if partial else 'result'}.jsonl"
        return f"{self.url}{path}?Expires={expires}&Signature={self._signature(path, expires)}"

    def handle(self, request: Request) -> Response:
        if request.method == "POST" and request.path == UPLOADS:
            return self._staged.take(request)
        operation = self._operation(request)
        if operation is None:
            return Response(403, body=DENIED, headers={"Content-Type": "application/xml"})
        content = operation.content(partial=request.path.endswith("/partial.jsonl"))
        return Response(200, body=content, headers={"Content-Type": "application/jsonl"})

    def fault(self, name: FaultName, **how: Any) -> Fault:
        """A file has no pages: what gives a page again gives its lines again."""
        if name in ("page_twice", "cursor_loop"):
            return super().fault("rows_twice", **{**how, "after": 0})
        return super().fault(name, **how)

    def is_list(self, request: Request) -> bool:
        return request.method == "GET"

    def is_write(self, request: Request) -> bool:
        """An upload changes nobody."""
        return False

    def empty_list(self, request: Request) -> Response:
        return Response(200, body=b"", headers={"Content-Type": "application/jsonl"})

    def ended_early(self, request: Request, response: Response) -> Response:
        lines = (response.body or b"").splitlines(keepends=True)
        return Response(200, body=b"".join(lines[: len(lines) * 2 // 3]), headers=response.headers)

    def _operation(self, request: Request) -> Operation | None:
        """What a signed address gives; a shop's token has no business here and spoils the request."""
        expires = request.arg("Expires", "0")
        genuine = hmac.compare_digest(request.arg("Signature"), self._signature(request.path, expires))
        if not genuine or self.now() > int(expires) or request.header("X-Shopify-Access-Token"):
            return None
        number = request.path.split("/")[2]
        return self._desk.operations.get(int(number))

    def _signature(self, path: str, expires: int | str) -> str:
        return hmac.new(self._key, f"{path}?{expires}".encode(), hashlib.sha256).hexdigest()
