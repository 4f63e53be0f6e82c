"""`rollcall check` against every simulated vendor: what a person reads, and what each trouble says."""

import io
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from connectors.base import Connector
from jobs import checkup
from jobs.desk import gridded
from jobs.settings import parse
from tests.bench.stores import ROLES, Store, opened

KINDS = sorted(ROLES)
GROUPED = {"lightspeed_x", "lightspeed_r", "ecwid"}
SCOPED = {"lightspeed_x", "lightspeed_r", "ecwid", "shopify", "treez", "heartland"}
"""Kinds that say something of rights; the contracts of the others are assumed, and name none."""


@pytest.fixture
def open_store(tmp_path: Path) -> Iterator[Callable[..., Store]]:
    with ExitStack() as stack:
        yield lambda kind, people, **quirks: stack.enter_context(opened(kind, tmp_path, people, **quirks))


def told(store: Store, connector: Connector | None = None, **entry: Any) -> tuple[dict[str, list[str]], list[str]]:
    """The rows by the name of the check, and who fails."""
    connector = connector or store.connector(**entry)
    settings = parse(
        {"group": "g", "sources": {"it": {"kind": "table", "role": "pos", "path": "x"}}}, store.folder / "x"
    )
    (head, *rows), failing = checkup.check(settings, {"it": connector}, None)
    assert head == ["source", "check", "result", "detail"]
    names = [row[1] for row in rows]
    assert len(names) == len(set(names))
    return {row[1]: row for row in rows}, failing


@pytest.mark.parametrize("kind", KINDS)
def test_all_that_a_person_asks_is_a_line(kind: str, open_store: Callable[..., Store]) -> None:
    """Reach, credentials, clock, page one with how often fields are filled, what can be written and what cannot."""
    store = open_store(kind, 7)
    rows, failing = told(store, writes=True)
    assert failing == []
    for name in ("reach", "credentials", "clock", "page one", "reads consent", "may write", "fields it can write"):
        assert rows[name][2] != "FAILS"
        assert rows[name][3]
    assert rows["reach"][3] == "127.0.0.1 answers"
    assert rows["page one"][3].startswith("7 profiles; filled: first_name 7, last_name 7")
    assert "email 7" in rows["page one"][3]
    assert "not known" not in rows["page one"][3]
    assert "do not fit" not in rows["page one"][3]
    assert "update" in rows["may write"][3]
    assert set(rows["cannot write"][3].split(", ")).isdisjoint(rows["may write"][3].split(", "))
    assert ("groups" in rows) == (kind in GROUPED)
    assert store.account.ledger.effects == []


@pytest.mark.parametrize("kind", KINDS)
def test_no_value_of_anybody_is_shown(kind: str, open_store: Callable[..., Store]) -> None:
    store = open_store(kind, 3)
    rows, _ = told(store)
    said = str(rows)
    assert [one for one in ("Example1", "ada1@example.com", "5550101", "Sample St") if one in said] == []
    assert [secret for secret in store.account.secrets().values() if secret in said] == []


@pytest.mark.parametrize("kind", KINDS)
def test_writes_that_are_off_say_what_they_could_do(kind: str, open_store: Callable[..., Store]) -> None:
    rows, failing = told(open_store(kind, 1), writes=False)
    assert failing == []
    assert rows["may write"][3].startswith("nothing, because `writes:` is off; with it: ")
    assert "update" in rows["may write"][3]


@pytest.mark.parametrize("kind", KINDS)
def test_a_vendor_that_does_not_answer_is_out_of_reach(kind: str, open_store: Callable[..., Store]) -> None:
    store = open_store(kind, 1)
    store.account.fault("reset", times=None)
    rows, failing = told(store)
    assert failing == ["it"]
    assert rows["reach"][2] == "FAILS"
    assert "check base_url" in rows["reach"][3]
    assert "page one" not in rows


@pytest.mark.parametrize("kind", KINDS)
def test_credentials_that_are_refused_are_told(kind: str, open_store: Callable[..., Store]) -> None:
    store = open_store(kind, 1)
    store.account.fault("forbidden", times=None)
    rows, failing = told(store)
    assert failing == ["it"]
    assert rows["reach"][2] == "ok"
    assert rows["credentials"][2] == "FAILS"


@pytest.mark.parametrize("kind", KINDS)
def test_a_clock_that_is_wrong_is_told(kind: str, open_store: Callable[..., Store]) -> None:
    """Our own clock, ten minutes behind the vendor's."""
    store = open_store(kind, 1)
    connector = store.connector()
    now = store.account.now
    store.account._http.now = lambda: now() + timedelta(minutes=10).total_seconds()
    rows, failing = told(store, connector)
    assert failing == ["it"]
    assert rows["clock"][2] == "FAILS"
    assert re.search("(599|600) s from the vendor's", rows["clock"][3])


@pytest.mark.parametrize("kind", sorted(SCOPED))
def test_rights_are_a_line(kind: str, open_store: Callable[..., Store]) -> None:
    rows, _ = told(open_store(kind, 1))
    assert rows["token" if kind == "lightspeed_x" else "scopes"][3]


@pytest.mark.parametrize("kind", sorted(GROUPED))
def test_x2_groups_are_named(kind: str, open_store: Callable[..., Store]) -> None:
    store = open_store(kind, 1)
    add = store.account.books.add_type if kind == "lightspeed_r" else store.account.books.add_group
    add("Gold")
    rows, _ = told(store)
    assert "Gold" in rows["groups"][3]


@pytest.mark.parametrize("how", ["with errors", "in silence"])
def test_shopify_says_that_protected_data_is_not_approved(how: str, open_store: Callable[..., Store]) -> None:
    """Sheet: the field is null with status 200; whether or not an error stands beside it."""
    store = open_store("shopify", 5)
    store.account.approve(protected=frozenset({"name", "email", "phone", "address"}))
    if how == "in silence":
        handle = store.account.handle

        def silent(request: Any) -> Any:
            response = handle(request)
            if isinstance(response.json, dict):
                response.json.pop("errors", None)
            return response

        store.account.handle = silent
    rows, failing = told(store)
    assert failing == ["it"]
    assert rows["protected data"][2] == "FAILS"
    assert "protected" in rows["protected data"][3]
    assert rows["shop"][2] == rows["scopes"][2] == "ok"


def test_a_field_that_nobody_knows_and_a_record_that_does_not_fit_are_on_page_one(
    open_store: Callable[..., Store],
) -> None:
    store = open_store("heartland", 3)
    store.account.fault("new_field", path_contains="/customers", times=None, field="shoe_size", value=44)
    rows, failing = told(store)
    assert failing == []
    assert "fields that are not known: shoe_size" in rows["page one"][3]


def test_the_table_is_readable_on_a_narrow_terminal() -> None:
    """Details are wrapped, nothing is cut off, and no markup of a vendor's text is obeyed."""
    rows = [["source", "check", "result", "detail"], ["till", "groups", "ok", "[bold]Gold[/] " + "Silver " * 30]]
    out = io.StringIO()
    Console(width=80, file=out).print(gridded([*rows, ["web", "reach", "FAILS", "nobody answers"]]))
    shown = out.getvalue()
    assert max(map(len, shown.splitlines())) <= 80
    assert shown.count("Silver") == 30
    assert "[bold]Gold[/]" in shown
