"""X-Series's endpoints: pages by version, groups, search, single customers, and what a refusal says."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from connectors import _lightspeed_x_words as words
from connectors._guard import listed
from connectors._lightspeed_x_access import Access
from connectors._phones import is_number, spellings
from connectors._shaping import clean, text
from connectors.base import Evidence, VendorError
from connectors.http import Reply
from connectors.pace import Limit, Told

CUSTOMERS, GROUPS, SEARCH, RETAILER = "/customers", "/customer_groups", "/search", "/retailer"
CUSTOMER_CODE = "RC-{key}"
"""The customer code of a customer that we create. Assumed: unique, so that a create tried twice is refused."""
WINDOW_S = 300
SEARCH_SIZE = 100
REFUSALS = (400, 409, 422)
"""Assumed: each of them is a refusal without effect."""


@dataclass(slots=True)
class Client:
    """One retailer's endpoints under one version."""

    name: str
    access: Access
    settings: words.LightspeedXSettings
    _groups: dict[str, dict[str, Any]] = field(default_factory=dict)

    def get(self, path: str, params: Mapping[str, Any], ok: Sequence[int] = (200,)) -> Reply:
        return self.access.send("GET", self._path(path), params=params, ok=ok)

    def send(self, method: str, path: str, body: Mapping[str, Any]) -> Reply:
        return self.access.send(method, self._path(path), json=body, ok=(200, 201, 204, 404, *REFUSALS))

    def page(self, path: str, last: int) -> tuple[list[dict[str, Any]], int | None]:
        """The rows after a version, deleted customers among them, and the highest version that the page names."""
        query: dict[str, Any] = {"page_size": self.settings.page_size}
        query |= {"deleted": "true"} if path == CUSTOMERS else {}
        reply = self.get(path, query | ({"after": last} if last else {}))
        answer = reply.json()
        version = answer.get("version") if isinstance(answer, dict) else None
        top = version.get("max") if isinstance(version, dict) else None
        return _rows(reply, answer), top if isinstance(top, int) else None

    def walk(self, path: str, evidence: Evidence | None = None) -> Iterator[list[dict[str, Any]]]:
        """Pages up to an empty one; with evidence the end is asked for once more. A short page is no end."""
        last, ended = 0, evidence is None
        while True:
            rows, top = self.page(path, last)
            if not rows and ended:
                return
            ended = evidence is None or not rows
            if not rows:
                continue
            versions = [row["version"] for row in rows if isinstance(row.get("version"), int)]
            # What the page says of its end is not believed beyond its rows: whoever stands between would be skipped.
            following = max(versions, default=top or last)
            if following <= last:
                raise VendorError(f"{self.name}: X-Series's list does not get past version {last}", permanent=True)
            if evidence is not None and versions != sorted({v for v in versions if v > last}):
                evidence.pages_contiguous = False
                evidence.notes.append(f"the list after version {last} is not in the order of versions")
            last = following
            yield rows

    def one(self, profile_id: str) -> dict[str, Any] | None:
        """A customer by id. Whether a deleted one is answered or is a 404 is not known: both are taken."""
        reply = self.get(customer(profile_id), {}, (200, 404))
        return None if reply.status == 404 else single(reply, profile_id)

    def found(self, field_name: str, value: str) -> list[dict[str, Any]]:
        """By search, whose way to compare is not known: each hit is read by its id, and compared here."""
        queries: list[dict[str, str]] = [{"email": value}]
        if field_name == "phone":
            queries = [{key: one} for one in spellings(value) for key in ("phone", "mobile")]
        elif field_name == "key":
            queries = [{"customer_code": CUSTOMER_CODE.format(key=value)}]
        hits = {str(row.get("id")): None for query in queries for row in self._search(query)}
        rows = [row for row in map(self.one, hits) if row is not None and not clean(row.get("deleted_at"))]
        return [row for row in rows if self._holds(row, field_name, value)]

    # groups ----------------------------------------------------------------------------------------------------------

    def group_name(self, group_id: Any) -> str | None:
        """Groups are read once, and once more for an id that is new since."""
        if not isinstance(group_id, str) or not group_id:
            return None
        if group_id not in self._groups:
            self.groups()
            self._groups.setdefault(group_id, {})
        name = self._groups[group_id].get("name")
        return name if isinstance(name, str) else None

    def groups(self) -> dict[str, str]:
        """The names of the living groups, by id, read anew."""
        gone = {group_id: group for group_id, group in self._groups.items() if not group}
        rows = [row for page in self.walk(GROUPS) for row in page]
        living = {str(row["id"]): row for row in rows if row.get("id") is not None and not row.get("deleted_at")}
        self._groups = gone | living
        return {group_id: str(row.get("name")) for group_id, row in living.items()}

    def _search(self, query: Mapping[str, str]) -> list[dict[str, Any]]:
        reply = self.get(SEARCH, {"type": "customers", "page_size": SEARCH_SIZE, **query})
        return _rows(reply, reply.json())

    def _holds(self, row: Mapping[str, Any], field_name: str, value: str) -> bool:
        if field_name == "phone":
            return any(is_number(row.get(key), value, self.settings.region) for key in ("phone", "mobile"))
        if field_name == "key":
            return bool(row.get("customer_code") == CUSTOMER_CODE.format(key=value))
        return (clean(text(row.get("email"))) or "").casefold() == value.strip().casefold()

    def _path(self, path: str) -> str:
        return f"/api/{self.settings.api_version}{path}"


def metered(headers: Mapping[str, str]) -> Told:
    """The calls of all clients together in five minutes, and how many of them are left."""
    limit, left = (headers.get(f"X-RateLimit-{name}", "") for name in ("Limit", "Remaining"))
    if not limit.isdecimal() or not int(limit):
        return Told()
    size = float(limit)
    return Told(Limit.within(size, WINDOW_S), size - float(left) if left.isdecimal() else None, size)


def customer(profile_id: str) -> str:
    """The path of one customer."""
    return f"{CUSTOMERS}/{quote(profile_id, safe='')}"


def single(reply: Reply, wanted: str | None) -> dict[str, Any]:
    """The one object of an answer. Raises VendorError when it is another one than `wanted`, or none."""
    answer = reply.json()
    row = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(row, dict) or not row.get("id") or wanted not in (None, text(row["id"])):
        raise VendorError(f"{reply.where} answered something else than was asked for", permanent=False)
    return row


def objections(reply: Reply) -> list[str]:
    """Names of the fields that a refusal objects to, in any of the shapes that are seen; their texts may hold values."""
    try:
        answer = reply.json() if reply.status in REFUSALS else None
    except VendorError:
        answer = None
    told = [answer.get(key) for key in ("errors", "fields", "details")] if isinstance(answer, dict) else []
    return sorted({str(name) for one in told if isinstance(one, dict) for name in one if listed(name, words.KEYS)})


def done(reply: Reply) -> None:
    """Raises VendorError when a write was refused."""
    if reply.status == 404:
        raise VendorError(f"{reply.where}: there is no such customer or group", permanent=True, status=404)
    if reply.status in REFUSALS:
        fields = ", ".join(objections(reply)) or "without a reason that is known"
        raise VendorError(f"{reply.where} is refused: {fields}", permanent=True, status=reply.status)


def _rows(reply: Reply, answer: Any) -> list[dict[str, Any]]:
    rows = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise VendorError(f"{reply.where} answered something else than a list: try again later", permanent=False)
    return rows
