"""Many changes in one bulk operation: uploaded as lines, started, waited for, and told apart by their lines (sheet: Bulk writes).

Only changes that are one mutation each, of one kind, and that do no harm when they are done twice: they set what they say.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson
from urllib3 import encode_multipart_formdata

from connectors import _shopify_documents as documents
from connectors._guard import after_a_write
from connectors._shopify_client import LIMIT, Client
from connectors._shopify_writes import Step
from connectors.base import Action, VendorError
from connectors.clock import Clock
from connectors.http import Http
from connectors.wire import loads

TOGETHER = frozenset[Action]({"update", "relink", "add_note", "add_tag"})
"""Not a create, which a lost result would make unfindable; consent and merges stay single, each under its own word."""
AT_MOST = 250
"""The vendor would take a file of 100 MB; but what was read before must not be old when the last line is written."""
POLL_S = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
LONGEST_S = 1800.0
DOWNLOADS = 3
RUNNING = frozenset({"CREATED", "RUNNING", "CANCELING"})

STAGE = """mutation Stage($input: [StagedUploadInput!]!) {
  stagedUploadsCreate(input: $input) {
    stagedTargets { url parameters { name value } }
    userErrors { field message }
  }
}"""
RUN = """mutation BulkWrite($mutation: String!, $path: String!) {
  bulkOperationRunMutation(mutation: $mutation, stagedUploadPath: $path, groupObjects: false) {
    bulkOperation { id status }
    userErrors { field message code }
  }
}"""
NEWEST = """query BulkNewest {
  bulkOperations(first: 50, sortKey: CREATED_AT, reverse: true) { nodes { id status type } }
}"""
"""Without a filter: one that the vendor does not know is ignored in silence."""
_KIND = "text/jsonl"
_FILE = {"resource": "BULK_MUTATION_VARIABLES", "filename": "changes.jsonl", "mimeType": _KIND, "httpMethod": "POST"}

Outcome = VendorError | None


class Batches:
    """The bulk mutations of one shop, one at a time."""

    def __init__(self, name: str, client: Client, clock: Clock) -> None:
        self._name = name
        self._client = client
        self._clock = clock

    def write(self, steps: Mapping[str, Step]) -> dict[str, Outcome]:
        """One operation over steps of one document; by key what became of each, None where the vendor says done.

        Raises VendorError: effect `none` when nothing was started.
        """
        keys, document = list(steps), next(iter(steps.values())).document
        lines = [orjson.dumps(dict(step.variables)) for step in steps.values()]
        operation = self._started(document, self._uploaded(b"\n".join(lines) + b"\n"))
        with after_a_write(f"{self._name}: Shopify's bulk operation was started"):
            ended = self._awaited(operation)
        told = self._told(ended, document)
        text = (
            f"{self._name}: Shopify's bulk operation ended as {ended.get('status')} and does not say what became of it"
        )
        return {
            key: told.get(number, VendorError(text, permanent=False, effect="unknown"))
            for number, key in enumerate(keys)
        }

    def still_writing(self) -> str:
        """Which operation of an earlier run still writes, once it was waited for; empty where none does. Raises VendorError."""
        for _ in self._waits():
            listed = self._client.read(NEWEST)["bulkOperations"]["nodes"]
            if not any(one.get("type") == "MUTATION" and one.get("status") in RUNNING for one in listed):
                return ""
        return f"{self._name}: a bulk operation of an earlier run still writes at Shopify; `rollcall resume` once it has ended"

    def _uploaded(self, content: bytes) -> str:
        """The file's key. It goes to a host of its own, without the token."""
        payload = self._client.write(STAGE, {"input": [_FILE]}, harmless=True)
        try:
            (target,) = payload["stagedTargets"]
            url, given = str(target["url"]), {one["name"]: one["value"] for one in target["parameters"]}
            key = str(given["key"])
        except (KeyError, TypeError, ValueError):
            text = f"{self._name}: Shopify does not say where a file for a bulk operation goes"
            raise VendorError(text, permanent=False) from None
        body, kind = encode_multipart_formdata([*given.items(), ("file", (_FILE["filename"], content, _KIND))])
        host = Http(self._name, url, self._clock, limit=LIMIT)
        try:
            host.request("POST", url, form=body, headers={"Content-Type": kind}, retry=True, ok=(200, 201, 204), cost=0)
        finally:
            host.close()
        return key

    def _started(self, document: str, path: str) -> str:
        payload = self._client.write(RUN, {"mutation": document, "path": path})
        started = payload.get("bulkOperation")
        if not isinstance(started, dict) or not isinstance(started.get("id"), str):
            text = f"{self._name}: Shopify does not say which bulk operation it started"
            raise VendorError(text, permanent=False, effect="unknown")
        return str(started["id"])

    def _awaited(self, operation_id: str) -> Mapping[str, Any]:
        """The operation at its end; one that does not come to it is cancelled, so that it does not write at any hour."""
        for _ in self._waits():
            operation = self._client.read(documents.BULK_PROGRESS, {"id": operation_id})["bulkOperation"]
            if not isinstance(operation, dict):
                raise VendorError(f"{self._name}: Shopify's bulk operation is gone before it ended", permanent=False)
            if operation.get("status") not in RUNNING:
                return operation
        self._client.write(documents.BULK_CANCEL, {"id": operation_id}, harmless=True)
        text = f"{self._name}: it still ran after {LONGEST_S / 60:.0f} minutes and was cancelled"
        raise VendorError(text, permanent=False)

    def _waits(self) -> Iterator[None]:
        """Once at once, and then with longer and longer pauses, until it has been long enough."""
        began, polls = self._clock.time(), 0
        yield
        while self._clock.time() - began < LONGEST_S:
            self._clock.sleep(POLL_S[min(polls, len(POLL_S) - 1)])
            polls += 1
            yield

    def _told(self, operation: Mapping[str, Any], document: str) -> dict[int, Outcome]:
        """What the result says, by line; of one that broke off the partial one. Nothing rests on its being whole."""
        url = operation.get("url") or operation.get("partialDataUrl")
        found: dict[int, Outcome] = {}
        for _ in range(DOWNLOADS if isinstance(url, str) else 0):
            try:
                found.update(self._lines(str(url), document))
                break
            except (VendorError, ValueError):
                continue  # what it does not name is read from the customers themselves
        return found

    def _lines(self, url: str, document: str) -> Iterator[tuple[int, Outcome]]:
        """Raises VendorError, and ValueError for a line that is cut."""
        for line in self._client.http.stream_lines(url):
            entry = loads(line) if line.strip() else None
            number = entry.get("__lineNumber") if isinstance(entry, dict) else None
            if isinstance(entry, dict) and isinstance(number, int):
                yield number, self._outcome(entry, document)

    def _outcome(self, entry: Mapping[str, Any], document: str) -> Outcome:
        try:
            self._client.payload(entry, document)
        except VendorError as error:
            return error
        return None
