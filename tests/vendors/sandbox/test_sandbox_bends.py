"""Faults of content and of course: each does over real HTTP what its name says, and leaves what is stored alone."""

import time
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
import requests

from connectors.sandbox.base import Ledger
from connectors.sandbox.bend import records_of
from connectors.sandbox.server import FaultName, Request, Response, VendorServer

START = 1_795_000_000.0


class Shelf(VendorServer):
    """A list of five books on pages of one, walked by number; single books; the same list as JSON lines."""

    def __init__(self) -> None:
        super().__init__("shelf", lambda: START, Ledger())
        self.books = [{"id": n, "title": f"Book {n}", "note": None, "marks": [{"page": 3}]} for n in range(1, 6)]

    def handle(self, request: Request) -> Response:
        if request.path == "/lines":
            body = b"".join(orjson.dumps(book) + b"\n" for book in self.books)
            return Response(200, body=body, headers={"Content-Type": "application/jsonl"})
        if request.path == "/none":
            return Response(204)
        if request.path == "/one":
            return Response(200, {"data": self.books[0]})
        last = int(request.arg("after", "0"))
        page = [book for book in self.books if book["id"] > last][:1]
        return Response(200, {"meta": {"total": 5, "shown": True}, "pages": "5", "data": page}, {"X-Page": str(last)})

    def empty_list(self, request: Request) -> Response:
        return Response(200, {"meta": {"total": 0}, "data": []})

    def ended_early(self, request: Request, response: Response) -> Response:
        return self.empty_list(request)


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    server = Shelf()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def web() -> Iterator[requests.Session]:
    with requests.Session() as session:
        yield session


def walk(shelf: Shelf, web: requests.Session, most: int = 12) -> list[int]:
    """The ids that a key walk reads, until an empty page or until it has asked `most` times."""
    read: list[int] = []
    for _ in range(most):
        page = web.get(shelf.url, params={"after": read[-1] if read else 0}).json()["data"]
        if not page:
            break
        read += [book["id"] for book in page]
    return read


def test_a_page_comes_twice_and_the_walk_goes_on_as_if_nothing_were(shelf: Shelf, web: requests.Session) -> None:
    shelf.fault("page_twice", after=2)
    assert walk(shelf, web) == [1, 2, 2, 3, 4, 5]
    again = web.get(shelf.url)
    assert (again.headers["X-Page"], again.headers["Content-Type"]) == ("0", "application/json; charset=utf-8")


def test_a_cursor_loop_never_ends_and_lasts_until_faults_are_cleared(shelf: Shelf, web: requests.Session) -> None:
    shelf.fault("cursor_loop", after=2)
    assert walk(shelf, web) == [1, 2] * 6
    shelf.clear_faults()
    assert walk(shelf, web) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("name", ["page_twice", "cursor_loop"])
def test_nothing_is_repeated_before_anything_was_said(shelf: Shelf, name: FaultName) -> None:
    with pytest.raises(ValueError, match="after=1"):
        shelf.fault(name)


def test_the_repeated_page_is_what_was_sent_and_not_what_became_of_it(shelf: Shelf, web: requests.Session) -> None:
    shelf.fault("page_twice", after=1)
    web.get(shelf.url)
    shelf.books[0]["title"] = "Another"
    assert web.get(shelf.url).json()["data"][0]["title"] == "Book 1"
    assert web.get(shelf.url).json()["data"][0]["title"] == "Another"


def test_a_lying_count_lies_in_the_envelope_alone(shelf: Shelf, web: requests.Session) -> None:
    shelf.fault("lying_count", times=2, by=-2)
    said = [web.get(shelf.url).json() for _ in range(3)]
    assert [one["meta"] for one in said] == [{"total": 3, "shown": True}] * 2 + [{"total": 5, "shown": True}]
    assert [one["pages"] for one in said] == ["5"] * 3


def test_a_count_that_is_a_text_lies_as_a_text(shelf: Shelf, web: requests.Session, monkeypatch: Any) -> None:
    monkeypatch.setattr(Shelf, "count_names", frozenset({"pages"}))
    shelf.fault("lying_count")
    assert web.get(shelf.url).json()["pages"] == "12"


def test_a_bend_waits_for_an_answer_that_it_can_bend(shelf: Shelf, web: requests.Session) -> None:
    fault = shelf.fault("lying_count")
    assert web.get(shelf.url + "/none").status_code == 204
    assert web.get(shelf.url + "/one").json() == {"data": shelf.books[0]}
    assert fault.hits == 0
    assert web.get(shelf.url).json()["meta"]["total"] == 12
    assert fault.hits == 1


def test_a_new_field_stands_on_every_record_and_nowhere_in_the_store(shelf: Shelf, web: requests.Session) -> None:
    before = orjson.dumps(shelf.books)
    shelf.fault("new_field", times=3)
    assert web.get(shelf.url).json()["data"][0]["loyalty_tier_v2"] == {"level": 3, "since": "2026-01-01"}
    assert "loyalty_tier_v2" in web.get(shelf.url + "/one").json()["data"]
    lines = web.get(shelf.url + "/lines").content.splitlines()
    assert [len(orjson.loads(line)) for line in lines] == [5] * 5
    assert orjson.dumps(shelf.books) == before


def test_a_wrong_type_hits_one_text_of_one_record_and_spares_its_id(shelf: Shelf, web: requests.Session) -> None:
    shelf.fault("wrong_type", path_contains="/lines", at=1)
    rows = [orjson.loads(line) for line in web.get(shelf.url + "/lines").content.splitlines()]
    assert [row["title"] for row in rows] == ["Book 1", {"unexpected": [1]}, "Book 3", "Book 4", "Book 5"]
    shelf.fault("wrong_type", field="id", value=None)
    assert web.get(shelf.url).json()["data"][0] == {**shelf.books[0], "id": None}


def test_a_note_of_ten_megabytes_and_half_a_character(shelf: Shelf, web: requests.Session) -> None:
    shelf.fault("huge_note")
    assert len(web.get(shelf.url).json()["data"][0]["note"]) == 10_000_000
    shelf.fault("lone_surrogate", field="title")
    answer = web.get(shelf.url)
    assert rb'"before \ud800 after"' in answer.content
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(answer.content)
    assert answer.json()["data"][0]["title"] == "before \ud800 after"


def test_a_slow_drip_arrives_whole_in_real_milliseconds(shelf: Shelf, web: requests.Session) -> None:
    shelf.fault("slow_drip", milliseconds=60, pieces=4)
    began = time.perf_counter()
    whole = web.get(shelf.url).json()
    assert whole["data"][0]["id"] == 1
    assert 0.04 <= time.perf_counter() - began < 5


def test_a_token_expires_once_and_a_scope_is_lost_for_good(shelf: Shelf, web: requests.Session) -> None:
    shelf.fault("token_expired", after=1)
    assert [web.get(shelf.url).status_code for _ in range(3)] == [200, 401, 200]
    shelf.fault("scope_lost", after=2, times=1)
    assert [web.get(shelf.url).status_code for _ in range(5)] == [200, 200, 403, 403, 403]


@pytest.mark.parametrize(
    ("document", "ids"),
    [
        ({"total": 2, "items": [{"id": 1, "contacts": [{"id": 9}]}, {"id": 2}]}, [1, 2]),
        ({"id": 1, "contacts": [{"id": 9}]}, [1]),
        ({"data": {"id": 1, "contacts": [{"id": 9}]}}, [1]),
        ({"data": {"customers": {"edges": [{"node": {"id": 1}}, {"node": {"id": 2}}]}}}, [1, 2]),
        ([{"id": 1}], [1]),
        ({"data": []}, []),
        ([], []),
        (None, []),
        (7, []),
    ],
)
def test_records_are_found_wherever_vendors_put_them(document: Any, ids: list[int]) -> None:
    assert [record["id"] for record in records_of(document)] == ids
