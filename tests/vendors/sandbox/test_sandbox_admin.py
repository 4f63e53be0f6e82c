"""The back office of a simulated vendor: a person finds, edits, archives and merges profiles, and nobody else can."""

import html
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.bench.stores import ROLES, Store, opened

NASTY = "<script>alert('x')</script> & \"quotes\""
INVENTED = "These are invented people"


@pytest.fixture
def web() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


@contextmanager
def store(kind: str, folder: Path, people: int = 3) -> Iterator[Store]:
    with opened(kind, folder, people) as made:
        yield made


def form(store: Store, profile_id: str, verb: str = "save", **fields: str) -> dict[str, str]:
    return {"word": store.account.admin.word, "id": profile_id, "verb": verb, **fields}


def post(store: Store, web: requests.Session, data: dict[str, str], **how: Any) -> requests.Response:
    return web.post(f"{store.account.admin_url}profile", data=data, allow_redirects=False, timeout=5, **how)


@pytest.mark.parametrize("kind", sorted(ROLES))
def test_a_clerk_finds_and_edits_a_customer_of_every_vendor(kind: str, tmp_path: Path, web: requests.Session) -> None:
    """Only what was typed anew changes, and none of it is in the ledger: a clerk is no caller of the API."""
    with store(kind, tmp_path) as made:
        account = made.account
        first, *_ = account.ids()
        before = account.read(first)
        page = web.get(account.admin_url, params={"q": "example0 ada0"}, timeout=5).text
        assert INVENTED in page
        assert html.escape(before["email"]) in page
        assert "ada1@" not in page
        assert INVENTED in web.get(f"{account.admin_url}profile", params={"id": first}, timeout=5).text
        given = {name: str(value or "") for name, value in before.items() if isinstance(value, str) or value is None}
        saved = post(made, web, {**given, **form(made, first, last_name="King", phone="+16135550142")})
        assert saved.status_code == 303
        after = account.read(first)
        assert after["last_name"] == "King"
        assert "".join(c for c in after["phone"] if c.isdigit())[-10:] == "6135550142"
        told = {name for name in before if before[name] != after[name]} - {"updated_at", "version", "full_name"}
        assert told <= {"last_name", "phone", "phone_raw"}
        assert account.ledger.effects == []


@pytest.mark.parametrize("kind", ["lightspeed_r", "treez"])
def test_a_birth_date_that_is_none_is_refused_at_the_page(kind: str, tmp_path: Path, web: requests.Session) -> None:
    """The account keeps what it had; a day of the calendar is taken, and so is none."""
    nonsense = ("yesterday", "31.12.1990", "1990-02-30", "1990-W01-1", "19900228", "0001-01-01", "9999-12-31", "<b>")
    with store(kind, tmp_path) as made:
        one, *_ = made.account.ids()
        before = made.account.read(one)
        for typed in nonsense:
            refused = post(made, web, form(made, one, birth_date=typed))
            assert refused.status_code == 409
            assert "a birth date is a day such as 1990-02-28" in refused.text
            assert "<b>" not in refused.text
            assert made.account.read(one) == before
        for typed in ("1961-05-04", ""):
            assert post(made, web, form(made, one, birth_date=typed)).status_code == 303
            assert (made.account.read(one)["birth_date"] or "") == typed


def test_a_list_has_pages_and_a_search(tmp_path: Path, web: requests.Session) -> None:
    with store("heartland", tmp_path, 60) as made:
        first = web.get(made.account.admin_url, timeout=5).text
        second = web.get(made.account.admin_url, params={"page": "2"}, timeout=5).text
        assert (first.count("<tr><td>"), second.count("<tr><td>")) == (50, 10)
        assert ("Later" in first, "Later" in second, "Earlier" in second) == (True, False, True)
        found = web.get(made.account.admin_url, params={"q": "ADA17@"}, timeout=5).text
        assert found.count("<tr><td>") == 1


def test_whatever_a_customer_is_called_is_text(tmp_path: Path, web: requests.Session) -> None:
    with store("heartland", tmp_path) as made:
        one, *_ = made.account.ids()
        made.account.edit(one, {"last_name": NASTY, "city": "half \ud800 a character"})
        pages = [
            web.get(made.account.admin_url, params={"q": NASTY[:10]}, timeout=5),
            web.get(f"{made.account.admin_url}profile", params={"id": one}, timeout=5),
            web.get(f"{made.account.admin_url}profile", params={"id": NASTY}, timeout=5),
        ]
        assert [page.status_code for page in pages] == [200, 200, 404]
        assert not [page.text for page in pages if "<script" in page.text]
        assert html.escape(NASTY) in pages[1].text
        assert "default-src 'none'" in pages[0].headers["Content-Security-Policy"]


def test_a_form_of_another_run_or_another_site_changes_nothing(tmp_path: Path, web: requests.Session) -> None:
    """CSRF and DNS rebinding: the word of this run, and the machine's own name."""
    with store("heartland", tmp_path) as made:
        one, *_ = made.account.ids()
        before = made.account.read(one)
        right = form(made, one, last_name="Stolen")
        refused = [
            post(made, web, {**right, "word": "guess"}),
            post(made, web, {name: text for name, text in right.items() if name != "word"}),
            post(made, web, right, headers={"Host": "evil.example.com"}),
            web.get(made.account.admin_url, headers={"Host": "evil.example.com:80"}, timeout=5),
        ]
        assert [answer.status_code for answer in refused] == [403] * 4
        assert made.account.read(one) == before
        assert made.account.admin.word not in refused[3].text


def test_archive_restore_and_merge_as_the_vendor_has_them(tmp_path: Path, web: requests.Session) -> None:
    with store("heartland", tmp_path) as made:
        one, two, _ = made.account.ids()
        assert post(made, web, form(made, one, "archive")).status_code == 303
        assert made.account.read(one)["status"] == "archived"
        assert post(made, web, form(made, one, "restore")).status_code == 303
        refused = post(made, web, form(made, one, "delete"))
        assert (refused.status_code, "archive it" in refused.text) == (409, True)
        assert post(made, web, form(made, one, "merge", into="7")).status_code == 404
        assert post(made, web, form(made, one, "merge", into=one)).status_code == 409
        merged = post(made, web, form(made, one, "merge", into=two))
        assert merged.headers["Location"].endswith(f"id={two}")
        assert one not in set(made.account.ids())


def test_no_fault_falls_on_the_back_office_and_it_counts_no_request(tmp_path: Path, web: requests.Session) -> None:
    with store("ecwid", tmp_path) as made:
        one, *_ = made.account.ids()
        fault = made.account.fault("server_error", times=None)
        assert web.get(made.account.admin_url, timeout=5).status_code == 200
        assert fault.seen == 0
        assert "cannot archive" in post(made, web, form(made, one, "archive")).text
