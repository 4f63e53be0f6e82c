"""What a list request of the simulated R-Series asks for: limit, sort, cursors, relations and filters.

Sheet sections 3 and 4. What the sheet does not tell (`or=`, unknown fields, `offset` in V3) is refused, never ignored.
"""

import base64
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, NoReturn
from urllib.parse import parse_qsl, urlencode, urlsplit

import orjson

from connectors.sandbox.lightspeed_r.refusals import Refused
from connectors.sandbox.server import Request

MAX_LIMIT = 100
TO_ONE = ("Contact", "CustomerType", "Note", "CreditAccount", "Discount", "TaxCategory")
TO_MANY = ("Tags", "CustomFieldValues", "CustomFieldValues.value")
ALL = (*TO_ONE, "Tags")
"""What `all` loads: everything but the custom field values."""
TIMES = ("timeStamp", "createTime", "dob")
PAGING = ("limit", "sort", "after", "before", "archived", "archive", "load_relations", "count")
_OPERATOR = re.compile(r"(>=|<=|><|!=|!~|>|<|=|~|IN),(.*)", re.DOTALL)

Values = tuple[Any, ...]
"""All values of one field of one row; several for a list such as the emails of a contact."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One field compared; `operands` are in the field's own type."""

    field: str
    op: str
    operands: Values

    def met_by(self, values: Values) -> bool:
        if self.op in ("!=", "!~"):
            return not Condition(self.field, self.op.replace("!=", "=").replace("!", ""), self.operands).met_by(values)
        return any(self._holds(value) for value in values if value is not None)

    def _holds(self, value: Any) -> bool:
        first = self.operands[0]
        match self.op:
            case "=" | "IN":
                return value in self.operands
            case ">":
                return bool(value > first)
            case ">=":
                return bool(value >= first)
            case "<":
                return bool(value < first)
            case "<=":
                return bool(value <= first)
            case "><":
                return bool(first <= value <= self.operands[1])
            case _:
                return re.fullmatch(_like(str(first)), str(value), re.IGNORECASE | re.DOTALL) is not None


@dataclass(frozen=True, slots=True)
class Wish:
    """A list request, read. `after` and `before`: the sort key at which a page begins or ends."""

    limit: int
    sort: str
    descending: bool
    after: tuple[Any, ...] | None
    before: tuple[Any, ...] | None
    archived: str
    relations: tuple[str, ...]
    conditions: tuple[Condition, ...]
    count: bool


@dataclass(frozen=True, slots=True)
class Cut:
    """One page of ids, and the cursors of its neighbours; empty where there is none."""

    ids: Sequence[int]
    next: str
    previous: str


def relations_of(text: str) -> tuple[str, ...]:
    """The relations that `load_relations` names. Raises Refused."""
    if not text:
        return ()
    if text.strip('"') == "all":
        return ALL
    try:
        named = orjson.loads(text)
    except ValueError:
        raise Refused(400, "load_relations must be a JSON array") from None
    if not isinstance(named, list) or any(each not in TO_ONE + TO_MANY for each in named):
        raise Refused(400, f"load_relations names an unknown relation: {text}")
    return tuple(named)


def read(request: Request, id_name: str, fields: Collection[str], sorts: Collection[str]) -> Wish:
    """The wish behind a query string over rows with these fields. Raises Refused."""
    count = request.arg("count") == "1"
    clash = [name for name in ("limit", "after", "before", "sort") if name in request.query]
    if count and clash:
        raise Refused(400, f"count cannot be used together with {clash[0]}")
    limit = request.arg("limit", str(MAX_LIMIT))
    if not limit.isdecimal() or int(limit) > MAX_LIMIT:
        raise Refused(400, f"limit must be between 0 and {MAX_LIMIT}")
    sort = request.arg("sort", id_name)
    if sort.removeprefix("-") not in sorts:
        raise Refused(400, f"cannot sort by {sort}")
    archived = request.arg("archived", "false")
    if archived not in ("false", "true", "only"):
        raise Refused(400, f"archived must be true, false or only, not {archived}")
    relations = relations_of(request.arg("load_relations"))
    cursors = [_decoded(request.arg(name)) if name in request.query else None for name in ("after", "before")]
    wish = (int(limit), sort.removeprefix("-"), sort.startswith("-"), cursors[0], cursors[1])
    return Wish(*wish, archived, relations, tuple(_conditions(request, fields, relations)), count)


def cut(
    wish: Wish,
    order: Sequence[int],
    rank: Callable[[int], tuple[Any, ...]],
    passes: Callable[[int], bool],
    *,
    eager: bool,
) -> Cut:
    """One page out of rows in ascending order. `eager`: an exactly full page names a next one without looking."""
    try:
        walk = _walk(wish, order, rank)
    except TypeError:
        _no_cursor()
    found = list(islice((key for key in walk if passes(key)), wish.limit + 1))
    more = len(found) >= wish.limit if eager else len(found) > wish.limit
    ids = found[: wish.limit]
    if not ids:
        return Cut([], "", "")
    if wish.before is not None:
        ids.reverse()
    has_next, has_previous = (True, more) if wish.before is not None else (more, wish.after is not None)
    return Cut(ids, _encoded(rank(ids[-1])) if has_next else "", _encoded(rank(ids[0])) if has_previous else "")


def _walk(wish: Wish, order: Sequence[int], rank: Callable[[int], tuple[Any, ...]]) -> Iterable[int]:
    """The rows beyond the cursor, in the direction of the wish. Raises TypeError for the cursor of another list."""
    cursor = wish.after or wish.before
    if (wish.before is None) != wish.descending:
        start = bisect_right(order, cursor, key=rank) if cursor else 0
        return islice(order, start, None)
    end = bisect_left(order, cursor, key=rank) if cursor else len(order)
    return (order[at] for at in range(end - 1, -1, -1))


def neighbour(request: Request, name: str, cursor: str) -> str:
    """The address of the next (`after`) or previous (`before`) page, complete; empty for none."""
    if not cursor:
        return ""
    kept = [(key, value) for key, value in _pairs(request) if key not in ("after", "before")]
    return f"{request.origin}{urlsplit(request.target).path}?{urlencode([*kept, (name, cursor)])}"


def _pairs(request: Request) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(request.target).query, keep_blank_values=True)


def _conditions(request: Request, fields: Collection[str], relations: Collection[str]) -> Iterable[Condition]:
    for name, text in _pairs(request):
        if name in PAGING:
            continue
        if name not in fields:
            raise Refused(400, f"cannot search by {name}")
        if "." in name and name.partition(".")[0] not in relations:
            raise Refused(400, f"{name} can be searched only with its relation loaded")
        yield _condition(name, text)


def _condition(name: str, text: str) -> Condition:
    split = _OPERATOR.fullmatch(text)
    op, operand = (split[1], split[2]) if split else ("=", text)
    texts = [operand]
    if op == "IN":
        texts = operand.strip("[]").split(",")
    if op == "><":
        texts = operand.split(",")
    if len(texts) > 100 or (op == "><" and len(texts) != 2):
        raise Refused(400, f"{op} of {name} takes {'two' if op == '><' else 'at most 100'} values")
    try:
        return Condition(name, op, tuple(typed(name, each.strip()) for each in texts))
    except ValueError:
        raise Refused(400, f"{name} cannot be compared with {operand}") from None


def typed(name: str, text: str) -> Any:
    """A text in the type in which its field compares. Raises ValueError."""
    if name in TIMES:
        at = datetime.fromisoformat(text)
        if at.tzinfo is None:
            raise ValueError(text)
        return at
    if name.endswith("ID"):
        return int(text)
    return text == "true" if name == "giftCard" else text


def _like(pattern: str) -> str:
    return "".join(".*" if each == "%" else re.escape(each) for each in pattern)


def _encoded(rank: tuple[Any, ...]) -> str:
    return base64.b64encode(orjson.dumps(rank)).decode()


def _decoded(cursor: str) -> tuple[Any, ...]:
    try:
        found = orjson.loads(base64.b64decode(cursor, validate=True))
    except ValueError:
        _no_cursor()
    if not isinstance(found, list):
        _no_cursor()
    return tuple(found)


def _no_cursor() -> NoReturn:
    raise Refused(400, "after and before take cursors of this list, as they were given")
