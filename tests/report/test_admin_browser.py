"""The back office of a simulated vendor in a real browser: a person plays clerk with the mouse, and nothing else runs."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.bench.stores import Store, opened

pytestmark = pytest.mark.browser
NAME = "<img src=x onerror=alert(1)>"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with opened("treez", tmp_path, 60) as made:
        yield made


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(30_000)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("dialog", lambda dialog: pytest.fail(f"something ran: {dialog.message}"))
    yield page
    context.close()
    assert [url for url in asked if not url.startswith("http://127.0.0.1:")] == []


def test_a_person_finds_edits_and_archives_a_customer(store: Store, page: Page) -> None:
    account = store.account
    victim = next(one for one in account.ids() if account.read(one)["email"] == "ada17@example.com")
    page.goto(account.admin_url)
    expect(page.get_by_role("note")).to_contain_text("invented people")
    page.get_by_label("Search").fill("ada17@")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name=victim).click()
    page.get_by_label("Last name").fill(NAME)
    page.get_by_label("Note").fill("two\nlines")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("Last name")).to_have_value(NAME)
    expect(page.locator("img")).to_have_count(0)
    held = account.read(victim)
    assert (held["last_name"], held["note"]) == (NAME, "two\nlines")
    page.get_by_role("button", name="Archive").click()
    expect(page.get_by_text("Status: archived")).to_be_visible()
    assert account.read(victim)["status"] == "archived"


def test_a_person_merges_two_customers(store: Store, page: Page) -> None:
    loser, survivor, *_ = store.account.ids()
    page.goto(f"{store.account.admin_url}profile?id={loser}")
    page.get_by_label("Merge into (id)").fill(survivor)
    page.get_by_role("button", name="Merge").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(survivor)
    assert store.account.read(loser)["status"] != "active"
