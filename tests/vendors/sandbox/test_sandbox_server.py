"""The server under the simulated vendors: every scripted fault does over real HTTP what its name says."""

import threading
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime

import pytest
import requests

from connectors.sandbox.base import Ledger
from connectors.sandbox.server import Request, Response, TokenBucket, VendorServer

START = 1_795_000_000.0


class Shelf(VendorServer):
    """The smallest vendor: a list of words that can be read and added to."""

    base_path = "/api"

    def __init__(self, ledger: Ledger) -> None:
        super().__init__("shelf", lambda: START, ledger)
        self.words: list[str] = ["one"]

    def handle(self, request: Request) -> Response:
        if request.path == "/api/bug":
            raise KeyError("bug")
        if request.method == "POST":
            return self._add(request)
        return Response(200, {"words": self.words, "q": request.query, "url": request.url})

    def _add(self, request: Request) -> Response:
        word = request.json()["word"]
        if not self.pretending:
            self.words.append(word)
        self.record(request, word, {"word": word}, {}, 201)
        return Response(201, {"added": word})

    def empty_list(self, request: Request) -> Response:
        return Response(200, {"words": []})

    def ended_early(self, request: Request, response: Response) -> Response:
        return Response(200, {**response.json, "words": response.json["words"][:1]})


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture
def shelf(ledger: Ledger) -> Iterator[Shelf]:
    server = Shelf(ledger)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def web() -> Iterator[requests.Session]:
    with requests.Session() as session:
        yield session


def test_a_request_arrives_whole_and_the_address_is_the_one_that_was_called(
    shelf: Shelf, web: requests.Session
) -> None:
    answer = web.get(shelf.url + "/words?a=1&a=2&b=&c=%7B%22x%22%7D")
    assert answer.json()["q"] == {"a": ["1", "2"], "b": [""], "c": ['{"x"}']}
    assert answer.json()["url"] == answer.request.url
    assert shelf.url.startswith("http://127.0.0.1:")
    assert parsedate_to_datetime(answer.headers["Date"]).timestamp() == START


def test_keep_alive_serves_many_requests_without_waiting_for_acknowledgements(
    shelf: Shelf, web: requests.Session
) -> None:
    began = time.perf_counter()
    for _ in range(100):
        web.get(shelf.url)
    assert time.perf_counter() - began < 2.0


def test_after_and_times_choose_the_requests_that_a_fault_hits(shelf: Shelf, web: requests.Session) -> None:
    shelf.fault("server_error", path_contains="/words", after=1, times=2, status=503)
    codes = [web.get(shelf.url + "/words").status_code for _ in range(5)]
    assert codes == [200, 503, 503, 200, 200]
    assert web.get(shelf.url + "/else").status_code == 200


def test_forbidden_without_an_end_lasts_until_faults_are_cleared(shelf: Shelf, web: requests.Session) -> None:
    shelf.fault("forbidden", after=1, times=None)
    assert [web.get(shelf.url).status_code for _ in range(3)] == [200, 403, 403]
    shelf.clear_faults()
    assert web.get(shelf.url).status_code == 200


def test_a_rate_storm_speaks_every_dialect_of_retry_after(shelf: Shelf, web: requests.Session) -> None:
    for wish in (None, 7, "date", "absurd"):
        shelf.fault("rate_storm", retry_after=wish)
    said = [web.get(shelf.url).headers.get("Retry-After") for _ in range(4)]
    assert said[:2] == [None, "7"]
    assert parsedate_to_datetime(said[2] or "").timestamp() == START + 2
    assert int(said[3] or 0) > 86_400


def test_a_reset_closes_without_an_answer_and_without_an_effect(shelf: Shelf, web: requests.Session) -> None:
    shelf.fault("reset", method="POST")
    with pytest.raises(requests.ConnectionError):
        web.post(shelf.url, json={"word": "two"})
    assert shelf.words == ["one"]


def test_a_lost_answer_leaves_the_effect_and_its_ledger_entry(
    shelf: Shelf, web: requests.Session, ledger: Ledger
) -> None:
    shelf.fault("effect_without_answer", body_contains="two")
    with pytest.raises(requests.ConnectionError):
        web.post(shelf.url, json={"word": "two"})
    assert shelf.words == ["one", "two"]
    assert [(e.account, e.at, e.method, e.profile_id, e.status) for e in ledger.effects] == [
        ("shelf", START, "POST", "two", 201)
    ]


def test_an_empty_promise_says_done_and_does_nothing(shelf: Shelf, web: requests.Session, ledger: Ledger) -> None:
    shelf.fault("answer_without_effect", method="POST")
    assert web.post(shelf.url, json={"word": "two"}).status_code == 201
    assert shelf.words == ["one"]
    assert ledger.effects == []


def test_a_cut_body_fails_with_a_length_and_is_a_normal_200_without(shelf: Shelf, web: requests.Session) -> None:
    whole = web.get(shelf.url).content
    shelf.fault("truncate", content_length=False)
    quiet = web.get(shelf.url)
    assert (quiet.status_code, quiet.content) == (200, whole[: len(whole) // 2])
    shelf.fault("truncate")
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        web.get(shelf.url)


def test_maintenance_empty_list_and_early_end_all_look_like_success(shelf: Shelf, web: requests.Session) -> None:
    shelf.words += ["two"]
    shelf.fault("html")
    page = web.get(shelf.url)
    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html")
    shelf.fault("empty_list")
    assert web.get(shelf.url).json()["words"] == []
    shelf.fault("stop_at_page")
    assert web.get(shelf.url).json()["words"] == ["one"]


def test_a_bug_in_the_simulator_is_never_mistaken_for_a_vendor_failure(ledger: Ledger, web: requests.Session) -> None:
    server = Shelf(ledger)
    server.start()
    assert web.get(server.url + "/bug").status_code == 500
    with pytest.raises(RuntimeError, match="shelf itself failed"):
        server.stop()


def test_stopping_closes_open_connections_and_ends_the_threads(ledger: Ledger, web: requests.Session) -> None:
    before = threading.active_count()
    server = Shelf(ledger)
    server.start()
    web.get(server.url)
    server.stop()
    with pytest.raises(requests.ConnectionError):
        web.get(server.url)
    assert threading.active_count() <= before + 1
    assert server.start() != ""
    assert web.get(server.url).json()["words"] == ["one"]
    server.stop()


def test_the_bucket_refills_by_injected_time_alone() -> None:
    at = [START]
    bucket = TokenBucket(lambda: at[0], rate=5, size=5)
    assert [bucket.take() for _ in range(5)] == [0.0] * 5
    assert bucket.take() == pytest.approx(0.2)
    at[0] += 0.2
    assert bucket.take() == 0.0
    at[0] += 100
    assert bucket.level == 5
