"""What a run leaves on the disk and says in public holds nobody's name, email or phone in clear, and no secret (I7, G11)."""

import base64
import gzip
import io
import logging
import re
import stat
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import openpyxl
import pytest

from connectors.sandbox.people import Person
from connectors.sandbox.server import Request, Response
from connectors.sandbox.world import PAIRS
from jobs import look
from tests.night.search import found, secrets, sentinels, unpacked
from tests.night.stage import Group, files_below, rollcall, serving

Say = Callable[..., int]
EMAIL = re.compile(rb"(?i)@(?:[a-z]+\.)?example\.(?:com|org|net)")
PHONE = re.compile(rb"(?<!\d)1?\(?\d{3}\)?[ .-]{0,2}555[ .-]{0,2}01\d\d(?!\d)")


class Leaks:
    """A group after three nights, with everything that was said on the way."""

    def __init__(self, group: Group, said: dict[str, bytes]) -> None:
        self.group = group
        self.said = said

    @property
    def left(self) -> dict[str, bytes]:
        """Every file below the group's folder, and what is packed inside it."""
        return unpacked(self.group.folder)


def somebody(group: Group) -> Person:
    """A customer whose name occurs nowhere else."""
    return next(resident.person for resident in group.world.residents if resident.person.rare)


def echo(group: Group, source: str, patch: pytest.MonkeyPatch) -> None:
    """From now on the vendor refuses every write, and names the customer that stands in the way, in every way it can."""
    account, person = group.faults(source), somebody(group)
    quote = f"{person.first_name} {person.last_name} <{person.email}>, {person.phone} has this already"
    bodies = {
        "shop": {"data": {"any": {"userErrors": [{"field": ["input", quote], "message": quote, "code": quote}]}}},
        "till": {"error": "validation_error", "message": quote, "details": {"email": [quote], quote: [quote]}},
        "downtown": {"resultCode": "FAIL", "resultReason": quote, "resultDetail": quote},
        "ecom": {"errors": [{"code": quote, "detail": quote}]},
    }
    handle = account.handle

    def refuse(request: Request) -> Response:
        asks = b"mutation" not in request.body or b"bulkOperation" in request.body
        reads = request.method == "GET" or (source == "shop" and asks)
        return handle(request) if reads else Response(200 if source == "shop" else 400, bodies[source])

    patch.setattr(account, "handle", refuse)


@pytest.fixture(scope="module")
def leaks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Leaks]:
    """Three nights of a small group; in the second, vendors refuse with customers' names and lie about what they wrote."""
    folder = tmp_path_factory.mktemp("leaks")
    said: dict[str, bytes] = {}
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    with pytest.MonkeyPatch.context() as patch, serving(folder / "group", pairs=PAIRS) as group:
        patch.setattr(tempfile, "tempdir", str(folder / "temporary"))
        (folder / "temporary").mkdir()
        level = logging.root.level
        logging.root.setLevel(logging.DEBUG)
        logging.root.addHandler(handler)
        try:
            play(group, said)
        finally:
            logging.root.removeHandler(handler)
            logging.root.setLevel(level)
        said["log"] = stream.getvalue().encode()
        assert list((folder / "temporary").iterdir()) == []
        yield Leaks(group, said)


def play(group: Group, said: dict[str, bytes]) -> None:
    config = group.config

    def say(*words: str | Path) -> int:
        told = rollcall(*words, "--config", config)
        name = f"{len(said)} {' '.join(str(word) for word in words[:2])}"
        said[name] = (told.out + told.err).encode()
        return told.code

    assert say("run") == 0
    group.plot().write(group.folder / "truth.json")
    group.faults("till").fault("answer_without_effect", method="PUT", times=1)
    group.faults("till").fault("server_error", when=lambda request: "email" in request.arg("_filter"))
    planned = group.night(write=False)
    group.decide(
        "decisions.json", planned.run_id, group.approve(planned.report, "approval", "choice", "identity_check")
    )
    assert say("decide", "--file", group.folder / "decisions.json") == 0
    with pytest.MonkeyPatch.context() as patch:
        echo(group, "shop", patch)
        echo(group, "downtown", patch)
        assert say("apply", planned.run_id) == 6
    with pytest.MonkeyPatch.context() as patch:
        for source in ("till", "shop", "downtown"):
            echo(group, source, patch)
        assert say("run") == 6
    for what in look.EXPORTS:
        for ending in ("csv", "xlsx"):
            assert say("export", what, "--out", group.folder / f"{what}.{ending}") == 0
    explain(group, say)
    assert say("golive", "--scan", "--out", group.folder / "golive") == 4
    for words in (["check"], ["status"], ["report"], ["plan"], ["check", "--show-policy"]):
        assert say(*words) == 0
    broken_pulls(group, say)


def explain(group: Group, say: Say) -> None:
    """One finding of each kind."""
    book = openpyxl.load_workbook(group.folder / "findings.xlsx")
    sheet = book.worksheets[0]
    rows = sheet.iter_rows(min_row=2, max_col=4, values_only=True)
    for finding in {kind: finding for finding, _, _, kind in rows}.values():
        assert say("explain", str(finding)) == 0


def broken_pulls(group: Group, say: Say) -> None:
    """Lists that are refused with a customer's name in the refusal."""
    quote = somebody(group).email
    body = {
        "message": quote, "errors": [{"message": quote, "extensions": {"code": "X"}}], "resultCode": "FAIL",
        "resultReason": quote,
    }  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        for source in ("shop", "till", "downtown", "ecom"):
            patch.setattr(group.faults(source), "handle", lambda _: Response(400, body))
        assert say("run") == 3
        assert say("check") == 1


def test_the_search_finds_what_is_packed_away(tmp_path: Path) -> None:
    """Of the checks below: a name in a workbook, in a page's payload, in capitals."""
    (tmp_path / "plain").write_bytes(b"..OMBRETARN..")
    with zipfile.ZipFile(tmp_path / "zipped", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner.xml", "Ombretarn" * 20)
    filler = bytes(range(256)) * 4
    packed = base64.b64encode(gzip.compress(b"ombretarn" + filler))
    (tmp_path / "page.html").write_bytes(b"<template>" + packed + b"</template>")
    texts = unpacked(tmp_path)
    names = {Path(name.split("!")[0].split("#")[0]).name for name, _ in found(texts, {b"ombretarn"})}
    assert names == {"plain", "zipped", "page.html"}


def test_the_errors_that_were_forced_have_happened(leaks: Leaks) -> None:
    """A refusal, a write that did not take, a list refused: without them the search would prove little."""
    with leaks.group.open() as workspace:
        details = {entry.detail for entry in workspace.journal.history()}
        states = {entry.state for entry in workspace.journal.history()}
        problems = {row.problem for run in workspace.state.runs() for row in workspace.state.snapshots_of(run.run_id)}
    assert {"refused", "unknown", "verified"} <= states
    assert any("reads back otherwise" in detail for detail in details)
    assert any("refuse" in detail for detail in details)
    assert len([problem for problem in problems if problem]) >= 4


def test_no_file_holds_a_customer(leaks: Leaks) -> None:
    """State database, journal, snapshots, landing, reports with their payload, workbooks, decisions, truth."""
    left = leaks.left
    assert len(left) > 80
    assert any("#" in name for name in left)
    assert any("!" in name for name in left)
    assert found(left, sentinels(leaks.group.world)) == set()


def test_no_output_and_no_log_names_a_customer(leaks: Leaks) -> None:
    assert len(leaks.said) > 30
    assert b"GET /api/customers answered 500" in leaks.said["log"]
    assert found(leaks.said, sentinels(leaks.group.world)) == set()


def test_nobody_at_all_can_be_called_or_written_to(leaks: Leaks) -> None:
    """Not the planted ones alone: no email and no phone of anybody, in files and in what was said."""
    texts = leaks.left | leaks.said
    assert [(name, EMAIL.findall(content)[:3]) for name, content in texts.items() if EMAIL.search(content)] == []
    assert [(name, PHONE.findall(content)[:3]) for name, content in texts.items() if PHONE.search(content)] == []


def test_no_secret_is_anywhere(leaks: Leaks) -> None:
    """Tokens, and every line of the private keys; the workspace's own key is in its own file only."""
    texts = leaks.left | leaks.said
    assert len(secrets(leaks.group.world)) > 25
    assert found(texts, secrets(leaks.group.world)) == set()
    key = (leaks.group.data / "rollcall.key").read_bytes().strip()
    assert [Path(name).name for name, content in texts.items() if key in content] == ["rollcall.key"]


def test_the_database_leaks_nothing_while_it_is_open(leaks: Leaks) -> None:
    """The write-ahead log is there only meanwhile."""
    with leaks.group.open() as workspace:
        run_id = workspace.state.begin_run(workspace.today(), trigger="manual", at=workspace.clock.now())
        workspace.state.end_run(run_id, status="complete", headline="", at=workspace.clock.now())
        texts = {path.name: path.read_bytes() for path in leaks.group.data.glob("state.db*")}
    assert {"state.db", "state.db-wal", "state.db-shm"} == set(texts)
    assert found(texts, sentinels(leaks.group.world)) == set()


def test_the_workspace_is_its_owners_alone(leaks: Leaks) -> None:
    """DESIGN, Data at rest: files 0600, folders 0700."""
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in leaks.group.data.rglob("*")}
    assert {mode for path, mode in modes.items() if path.is_dir()} == {0o700}
    assert {path: oct(mode) for path, mode in modes.items() if path.is_file() and mode != 0o600} == {}
    assert stat.S_IMODE(leaks.group.data.stat().st_mode) == 0o700


def test_nothing_half_made_is_left(leaks: Leaks) -> None:
    """No spill file of DuckDB, no part of a report, no landing of a list that was read to its end."""
    names = [path.name for path in files_below(leaks.group.data)]
    assert not [name for name in names if re.search(r"duckdb|\.tmp$|\.part$|\.new$", name)]
    assert files_below(leaks.group.data / "landing") == []
