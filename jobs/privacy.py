"""Opening privacy requests, and what a person says of them later (G10, M15): the commands behind `rollcall erase`.

What is erased at a vendor is planned, written and read back by the night; nothing is written here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from jobs import erased, erasing, erasures, match, persons, phones, prepare, shred
from jobs.erasures import Request, Task
from jobs.errors import ConfigError
from jobs.plan import named
from jobs.pull import Pulled
from jobs.state import SnapshotRow
from jobs.warehouse import Warehouse
from jobs.workspace import Workspace
from reports.mask import masks
from reports.words import many

LARGEST_PAYLOAD = 64 * 1024
_SHOWN = ("status", "first_name", "last_name", "phone", "email")
Member = tuple[str, str]
Table = list[list[str]]


class _Customer(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    id: Annotated[int, Field(gt=0)]
    email: str | None = None
    phone: str | None = None


class Redact(BaseModel):
    """The body of Shopify's `customers/redact` (sheet, webhooks and privacy)."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    shop_id: int
    shop_domain: str
    customer: _Customer
    orders_to_redact: list[int]


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for: one profile of the person, and what the operator says of the request."""

    who: str
    request: Request


def asked(workspace: Workspace, who: str, *, law: str, received: date | None, reason: str, by: str) -> Asked:
    """A request of an operator. Raises ConfigError."""
    if not reason.strip():
        raise ConfigError("say why, such as the ticket of the request: --reason TEXT (no name, it is kept)")
    day = received or workspace.today()
    return Asked(who, erasures.new(law, day, reason.strip(), by, workspace.clock.now()))


def from_payload(workspace: Workspace, path: Path) -> str:
    """The profile that a `customers/redact` file of Shopify is about, as SOURCE:ID. Raises ConfigError."""
    body = _redact(path)
    source = _shop(workspace, body.shop_domain)
    who = f"{source}:{body.customer.id}"
    try:
        erasing.whole(workspace, who)
    except ConfigError as error:
        others = _holders(workspace, body.customer)
        if not others:
            raise
        told = ", ".join(others)
        raise ConfigError(
            f"{source} has no customer {body.customer.id}, but the email or phone of the request is on {told}: look who that is, "
            f"and `rollcall erase {others[0]} --reason TEXT`"
        ) from error
    return who


def shown(workspace: Workspace, ask: Asked) -> tuple[Table, list[Member]]:
    """What would be erased, masked, with the way in each source. Raises ConfigError where it cannot be asked for now."""
    source, _, profile_id = ask.who.partition(":")
    _must_be_free(workspace, [(source, profile_id)])  # one whose request is open is not known any more
    members = erasing.whole(workspace, ask.who)
    persons.must_be_one(workspace, members)
    gone = persons.former(workspace, members)
    members = sorted({*members, *gone})
    _must_be_free(workspace, members)
    _must_be_somebody(workspace, members)
    known: dict[Member, Mapping[str, Any]] = {}
    for source in {source for source, _ in members}:
        ids = {profile_id for other, profile_id in members if other == source}
        known |= {(source, str(row["id"])): row for row in erasing.profiles(workspace, source, ids)}
    rows = [["source", "profile", *_SHOWN, "how"]]
    for source, profile_id in members:
        row = known.get((source, profile_id), {})
        values = [masks(name, [row.get(name)])[0] for name in _SHOWN]
        how = "in no list any more; " if (source, profile_id) in gone else ""
        rows.append([source, profile_id, *values, how + erasing.way(workspace, source)])
    return rows, members


def erase(workspace: Workspace, ask: Asked, members: Sequence[Member]) -> tuple[str, dict[str, Any]]:
    """Open the request, and forget the person here at once. Raises ConfigError."""
    with Warehouse() as warehouse:
        _fill(workspace, warehouse)
        _keys(workspace, warehouse)
        stones = erased.tombstones(warehouse, members, workspace.vault.sql_key(erasures.HASHED_WITH))
    tasks = _tasks(workspace, members)
    yeses = [named(workspace.vault, f"erase|{source}:{one}", {"status": "erased"}) for source, one in members]
    number = erasures.open_request(workspace.state, ask.request, tasks, stones, yeses)
    erasing.finish(workspace)
    data = {
        "request": number, "law": ask.request.law, "due": str(ask.request.due),
        "profiles": [f"{source}:{one}" for source, one in members], "tombstones": len(stones),
    }  # fmt: skip
    said = [
        f"forgotten here: snapshots, kept files, values of corrections and findings of {many(len(members), 'profile')}",
        *(f"  {source}:{one}: {erasing.way(workspace, source)}" for source, one in members),
        f"privacy request {number} ({ask.request.law}) is open, due {ask.request.due}: `rollcall run` erases where it can and "
        "reads back; `rollcall erase --status` shows what is left",
    ]
    return "\n".join(said), data


def status(workspace: Workspace) -> tuple[Table, str]:
    """Every request with its tasks and clocks, and a last line."""
    rows = [["request", "law", "received", "due", "source", "profile", "state"]]
    requests = {request.request: request for request in erasures.requests(workspace.state)}
    asked_for, today = erasures.asked(workspace.state), workspace.today()
    for task in erasures.tasks(workspace.state):
        request = requests[task.request]
        where = [str(task.request), request.law, str(request.received), str(request.due), task.source, task.profile_id]
        written = _written(workspace, task) if task.task in asked_for else ""
        rows.append([*where, _word(request, task, written, today)])
    told = erasing.told(workspace)
    last = f"{many(len(requests), 'privacy request')}, {len(told)} not through"
    return rows, "\n".join([*told, last])


def keep_until(workspace: Workspace, who: str, day: date) -> str:
    """A law that beats the request wants a profile kept until a day (M15). Raises ConfigError."""
    if day <= workspace.today():
        raise ConfigError(f"--kept-until {day}: that day is over; name the last day on which it must be kept")
    task = _task(workspace, who)
    erasures.keep_until(workspace.state, task, day)
    return (
        f"{who}: kept by law until {day}; privacy request {task.request} stays open, and it is to be erased after that"
    )


def done(workspace: Workspace, who: str) -> str:
    """A person's word for a source that no list can speak for any more. Raises ConfigError for all others."""
    source, _, profile_id = who.partition(":")
    if source in workspace.settings.sources:
        raise ConfigError(
            f"{source} is configured: its task is closed when a later list, and the source by id, show nobody"
        )
    for task in erasures.tasks(workspace.state, {"open"}):
        if (task.source, task.profile_id) == (source, profile_id):
            erasures.set_gone(workspace.state, task)
            erasing.finish(workspace)
            return f"{who}: closed by a person's word, since {source} is no longer configured"
    raise ConfigError(f"{who}: no privacy request waits for this profile; `rollcall erase --status` lists them")


def withdraw(workspace: Workspace, number: int) -> str:
    """A request that was opened by mistake ends: nothing more is erased for it. Raises ConfigError where nothing is open."""
    waiting = [task for task in erasures.tasks(workspace.state, {"open"}) if task.request == number]
    if not waiting:
        raise ConfigError(f"privacy request {number} has no open task; `rollcall erase --status` lists them")
    was_asked = erasures.asked(workspace.state)
    late = sorted(f"{task.source}:{task.profile_id}" for task in waiting if task.task in was_asked)
    erasures.withdraw(workspace.state, number, workspace.today(), workspace.clock.now())
    told = f"; written already: {', '.join(late)}; what a vendor has only queued can be cancelled there" if late else ""
    return f"privacy request {number} is withdrawn; the next night reads its profiles as customers again{told}"


def let_in(workspace: Workspace, who: str) -> str:
    """The profile is another person's, or of somebody who signed up anew: from the next night on it counts again (G10).

    Raises ConfigError where it bears the very id that was erased: such a profile is a copy.
    """
    task = _task(workspace, who)
    request = next(row for row in erasures.requests(workspace.state) if row.request == task.request)
    if task.opened_at == request.opened_at:
        raise ConfigError(f"{who}: this very profile was to be erased; only one that came up later can be let in")
    own, word = (erasures.stone_of(workspace.vault, kind, task.source, task.profile_id) for kind in ("id", "let_in"))
    erasures.let_in(workspace.state, task, own, word, request, workspace.clock.now())
    return f"{who}: from the next night on it counts as a customer again; privacy request {task.request} no longer concerns it"


def _tasks(workspace: Workspace, members: Sequence[Member]) -> list[Task]:
    """One per profile, and one for each source without any: closed where its last list is there to be read."""
    now, today = workspace.clock.now(), workspace.today()
    tasks = [Task(0, source, one, now) for source, one in members]
    for source in workspace.settings.sources.keys() - {source for source, _ in members}:
        if _readable(workspace, source):
            tasks.append(Task(0, source, "", now, state="closed", closed_on=today))
        else:
            tasks.append(Task(0, source, "", now))
    return sorted(tasks, key=lambda task: (task.source, task.profile_id))


def _task(workspace: Workspace, who: str) -> Task:
    source, _, profile_id = who.partition(":")
    for task in erasures.tasks(workspace.state, {"open"}):
        if (task.source, task.profile_id) == (source, profile_id) and profile_id:
            return task
    raise ConfigError(f"{who}: no privacy request waits for this profile; `rollcall erase --status` lists them")


def _must_be_free(workspace: Workspace, members: Sequence[Member]) -> None:
    whom: dict[str, set[str]] = {}
    for source, profile_id in members:
        whom.setdefault(source, set()).add(profile_id)
    if plans := shred.in_doubt(erasing.place(workspace), whom):
        raise ConfigError(
            f"a write to one of these profiles was begun by plan {plans[0]} and not proven: `rollcall resume {plans[0]}` "
            "settles it first"
        )
    for task in erasures.tasks(workspace.state, {"open", "gone"}):
        if (task.source, task.profile_id) in set(members):
            said = f"privacy request {task.request} is open for {task.source}:{task.profile_id} already"
            raise ConfigError(f"{said}: `rollcall erase --status` shows how far it is")


def _must_be_somebody(workspace: Workspace, members: Sequence[Member]) -> None:
    for source, profile_id in members:
        settings = workspace.settings.sources[source]
        if profile_id in {settings.default_customer, *settings.ignore}:
            raise ConfigError(
                f"{source}:{profile_id} stands for nobody by the configuration (M14): nobody is erased there"
            )


def _written(workspace: Workspace, task: Task) -> str:
    connector = workspace.connectors.get(task.source)
    later = connector is not None and connector.capabilities.erases_later
    return "asked of the vendor" if later else "erased, to be seen in the next list"


def _word(request: Request, task: Task, written: str, today: date) -> str:
    if task.state == "closed":
        return f"closed {task.closed_on}"
    if task.kept_until is not None and task.kept_until >= today:
        return f"kept by law until {task.kept_until}"
    days = (request.due - today).days
    clock = f"{many(days, 'day')} left" if days >= 0 else f"OVERDUE by {many(-days, 'day')}"
    waiting = "back" if task.back else "open" if task.profile_id else "not looked at yet"
    return f"{written or waiting}, {clock}"


def _redact(path: Path) -> Redact:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_PAYLOAD + 1)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    if len(content) > LARGEST_PAYLOAD:
        raise ConfigError(f"{path}: larger than any `customers/redact` of Shopify")
    try:
        return Redact.model_validate_json(content)
    except ValidationError as error:
        problems = error.errors(include_input=False, include_url=False, include_context=False)[:3]
        told = "; ".join(f"{'.'.join(map(str, p['loc'])) or 'the file'}: {p['msg']}" for p in problems)
        hint = " (a data request is answered by `rollcall access`)" if b'"data_request"' in content else ""
        raise ConfigError(f"{path}: not a `customers/redact` of Shopify: {told}{hint}") from None


def _shop(workspace: Workspace, domain: str) -> str:
    """The source that is this shop, by its settings or by what it called itself when it was last read."""
    shops: dict[str, str] = {}
    for name, source in workspace.settings.sources.items():
        if source.kind == "shopify":
            last = workspace.state.last_certified(name)
            said = getattr(source, "shop_domain", None) or (last.contract.get("shop") if last else None)
            shops[str(said).casefold()] = name
    if domain.casefold() not in shops:
        raise ConfigError(
            f"no source is the shop {domain}: the configuration has {', '.join(sorted(shops)) or 'no Shopify shop'}"
        )
    return shops[domain.casefold()]


def _holders(workspace: Workspace, customer: _Customer) -> list[str]:
    """Whose email or phone the request names, for a person to look at: a household may share it."""
    phone = phones.parse(customer.phone, "US").e164 if customer.phone else None
    wanted = [key for key in ((customer.email or "").strip().lower(), phone or "") if key]
    with Warehouse() as warehouse:
        _fill(workspace, warehouse)
        _keys(workspace, warehouse)
        query = "select distinct w.source, w.id from keys as k join people as w on w.n = k.n where list_contains($wanted, k.key)"
        rows = warehouse.rows(query, wanted=wanted)
    return sorted(f"{row['source']}:{row['id']}" for row in rows)


def _fill(workspace: Workspace, warehouse: Warehouse) -> None:
    """The last certified exports of every source that has one."""
    settings, state = workspace.settings, workspace.state
    pulled: dict[str, Pulled] = {}
    for name in settings.sources:
        row = state.last_certified(name) if _readable(workspace, name) else None
        nothing = SnapshotRow(f"{name}.none", name, "", workspace.clock.now(), "", 0, 0, certified=False)
        pulled[name] = Pulled(name, row or nothing, row, row is not None, [], "")
    prepare.configure(warehouse, settings, workspace.connectors)
    prepare.load(warehouse, settings, pulled, workspace.connectors, workspace.vault)
    prepare.judge_sources(warehouse, settings, pulled, {}, workspace.clock.now())


def _keys(workspace: Workspace, warehouse: Warehouse) -> None:
    phones.fill(warehouse.connection, workspace.vault, workspace.folder, workspace.state)
    limits: Mapping[str, Any] = {"shared_by": workspace.settings.match.placeholders.shared_by, "crowd": match.CROWD}
    warehouse.run("keys", today=workspace.today(), **limits)


def _readable(workspace: Workspace, source: str) -> bool:
    row = workspace.state.last_certified(source)
    return row is not None and (workspace.folder / row.path).exists()
