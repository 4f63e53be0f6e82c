"""The nightly export: a bulk operation, from its start to whole customers."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from typing import Any

from connectors import _shopify_documents as documents
from connectors._guard import listed
from connectors._shopify_client import Client, ShopifyError
from connectors._shopify_spill import Spill
from connectors._shopify_words import ShopifySettings, landed, metafield_key
from connectors.base import Evidence, Page, VendorError
from connectors.clock import Clock
from connectors.wire import loads

POLL_S = (2.0, 4.0, 8.0, 15.0, 30.0)
LONGEST_S = 6 * 3600.0
SLOT_WAIT_S = 60.0
STARTS = 3
DOWNLOADS = 3
PAGE = 2_000
"""Customers that are whole in memory at once, and the children of all of them: most of what an export takes."""

MOST = 50_000_000
"""Customers of one shop, whatever the operation says that it counted: room is made by this before the file is read."""

_RUNNING = {"CREATED", "RUNNING", "CANCELING"}
_START_AGAIN = {"CANCELED", "EXPIRED", "FAILED"}
_ERRORS = frozenset({"ACCESS_DENIED", "INTERNAL_SERVER_ERROR", "TIMEOUT"})


class Export:
    """One full export. Nothing is handed on before the whole file is here and proven to be whole."""

    def __init__(self, name: str, client: Client, settings: ShopifySettings, clock: Clock) -> None:
        self._name = name
        self._client = client
        self._settings = settings
        self._clock = clock

    def pages(self, evidence: Evidence) -> Iterator[Page]:
        """Raises VendorError unless the operation completes and the file is what it says."""
        operation = self._completed()
        if operation.get("url") is None:
            if _number(operation, "rootObjectCount") != 0:
                raise self._failure("names no file, though it counts customers: try again")
            return
        with closing(self._downloaded(operation)) as lines:
            yield from lines.pages(self._settings)
        if lines.orphans:
            evidence.pages_contiguous = False
            evidence.notes.append(
                f"{lines.orphans} customers have metafields in the export and are not in it themselves"
            )

    def _completed(self) -> dict[str, Any]:
        for attempt in range(1, STARTS + 1):
            operation = self._awaited(self._started())
            status, error = str(operation.get("status")), str(operation.get("errorCode"))
            if status == "COMPLETED":
                return operation
            if error == "ACCESS_DENIED":
                text = "is denied access: grant the app read_customers and protected customer data"
                raise self._failure(text, permanent=True)
            if status not in _START_AGAIN or attempt == STARTS:
                break
        # Its partialDataUrl, where there is one, is never read: half a list looks like mass deletion (G1).
        told = listed(status, _START_AGAIN) or "something that is not known here"
        raise self._failure(f"ended as {told} ({listed(error, _ERRORS) or 'no reason that is known'}): try again")

    def _started(self) -> str:
        """The operation's id. Where the app's slots are all taken, waits for one."""
        query = documents.bulk_query(self._settings.metafield_keys)
        waited = 0.0
        while True:
            try:
                payload = self._client.write(documents.BULK_START, {"query": query}, harmless=True)
                return str(payload["bulkOperation"]["id"])
            except ShopifyError as error:
                if error.code not in {"OPERATION_IN_PROGRESS", "LIMIT_REACHED"} or waited >= LONGEST_S:
                    raise
            self._clock.sleep(SLOT_WAIT_S)
            waited += SLOT_WAIT_S

    def _awaited(self, operation_id: str) -> dict[str, Any]:
        started, polls = self._clock.time(), 0
        while True:
            operation = self._client.read(documents.BULK_PROGRESS, {"id": operation_id})["bulkOperation"]
            if not isinstance(operation, dict):
                raise self._failure("is gone before it ended: try again")
            if str(operation.get("status")) not in _RUNNING:
                return operation
            if self._clock.time() - started > LONGEST_S:
                self._client.write(documents.BULK_CANCEL, {"id": operation_id}, harmless=True)
                raise self._failure(f"still runs after {LONGEST_S / 3600:.0f} hours and was cancelled")
            self._clock.sleep(POLL_S[min(polls, len(POLL_S) - 1)])
            polls += 1

    def _downloaded(self, operation: Mapping[str, Any]) -> "_Lines":
        """The whole file; one that breaks off, or is not what the operation counted, is fetched again."""
        for attempt in range(1, DOWNLOADS + 1):
            lines = _Lines(self._settings.metafield_keys, _number(operation, "rootObjectCount") or 0)
            try:
                for line in self._client.http.stream_lines(operation["url"]):
                    lines.take(line)
                if wrong := lines.differences(operation):
                    raise self._failure(f"is not whole: {wrong}")
                return lines
            except BaseException as error:
                lines.close()
                if not isinstance(error, (VendorError, ValueError)):
                    raise
                permanent = isinstance(error, VendorError) and error.permanent
                if permanent or attempt == DOWNLOADS:
                    raise self._failure(f"cannot be downloaded ({error})", permanent=permanent) from None
            self._clock.sleep(POLL_S[attempt])
        raise AssertionError(DOWNLOADS)

    def _failure(self, what: str, *, permanent: bool = False) -> VendorError:
        return VendorError(f"{self._name}: Shopify's bulk export {what}", permanent=permanent)


class _Lines:
    """The lines of an export: customers and their metafields, in whatever order, put away until the file is proven whole."""

    def __init__(self, wanted: Iterable[str], customers: int) -> None:
        self._wanted = frozenset(wanted)
        self._spill = Spill(1 + min(max(0, customers), MOST) // PAGE)
        self._objects = self._roots = self._bytes = 0
        self.orphans = 0
        """How many parents of metafields no customer was; known after `pages`."""

    def take(self, line: bytes) -> None:
        """One line of the file. Raises ValueError."""
        self._bytes += len(line)
        if not line.strip():
            return
        node = loads(line)
        if not isinstance(node, dict):
            raise ValueError("a line is no object")
        self._objects += 1
        parent = node.get("__parentId")
        if parent is None:
            self._roots += 1
            self._spill.add(str(node.get("id")), line)
        elif metafield_key(node) in self._wanted:
            self._spill.add(str(parent), line)

    def differences(self, operation: Mapping[str, Any]) -> str:
        """How the file differs from what the operation counted; '' where it does not."""
        found = {"objectCount": self._objects, "rootObjectCount": self._roots, "fileSize": self._bytes}
        counted = {name: _number(operation, name) for name in found}
        return ", ".join(
            f"{name} {counted[name]}, read {found[name]}" for name in found if counted[name] not in (None, found[name])
        )

    def pages(self, settings: ShopifySettings) -> Iterator[Page]:
        """Whole customers, some thousands a page."""
        for lines in self._spill.buckets():
            nodes = [loads(line) for line in lines]
            metafields: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
            for node in nodes:
                if node.get("__parentId") is not None:
                    metafields[str(node["__parentId"])].append(_metafield(node))
            roots = [node for node in nodes if node.get("__parentId") is None]
            if roots:
                yield Page([landed(node, metafields.pop(str(node.get("id")), ()), settings) for node in roots])
            self.orphans += len(metafields)

    def close(self) -> None:
        self._spill.close()


def _metafield(node: Mapping[str, Any]) -> dict[str, Any]:
    namespace, _, key = metafield_key(node).partition(".")
    return {"namespace": namespace, "key": key, "value": node.get("value")}


def _number(operation: Mapping[str, Any], name: str) -> int | None:
    told = operation.get(name)
    if told is not None and not re.fullmatch("[0-9]{1,18}", str(told)):
        raise VendorError(f"Shopify's bulk export tells no {name} that can be read: try again", permanent=False)
    return None if told is None else int(told)
