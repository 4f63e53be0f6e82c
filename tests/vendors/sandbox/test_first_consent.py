"""`rollcall connect`: a person opens the vendor's page and brings back its answer; both Lightspeed vendors, over real HTTP."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from connectors.base import Connector, VendorError
from connectors.consent import code_of
from connectors.tokens import TokenFile
from jobs.connect import connect
from jobs.errors import ConfigError
from tests.vendors.sandbox.meeting import Stage, pulled, stages

BACK = "https://rollcall.example.com/back"
KINDS = ("lightspeed_x", "lightspeed_r")


class Person:
    """Reads what is told, agrees at the account, and pastes the address to which the browser was led."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.asked: dict[str, str] = {}
        self.answers: dict[str, str] = {}
        self.bare = False

    def hears(self, line: str) -> None:
        if line.startswith("https://"):
            self.asked = {name: values[0] for name, values in parse_qs(urlsplit(line).query).items()}

    def says(self, _: str) -> str:
        access = self.stage.account.access
        code = access.authorize() if self.stage.meeting.kind == "lightspeed_x" else access.authorise()
        given = {"code": code, "domain_prefix": "it", "state": self.asked["state"], **self.answers}
        return given["code"] if self.bare else f"{BACK}?{urlencode(given)}"


@pytest.fixture(params=KINDS)
def person(request: Any, tmp_path: Path) -> Iterator[Person]:
    opened: Iterator[Callable[..., Stage]] = stages(tmp_path, request.param)
    stage = next(opened)()
    stage.people(2)
    _file(stage).path.unlink()
    yield Person(stage)
    next(opened, None)


def _file(stage: Stage) -> TokenFile:
    return TokenFile(Path(stage.account.settings()["tokens"]["file"]))


def _connectors(stage: Stage, **changes: Any) -> dict[str, Connector]:
    connector = stage.connector()
    own = {"redirect_uri": BACK} if connector.kind == "lightspeed_x" else {}
    kept = connector.settings.model_dump() | own | changes
    settings = connector.settings.model_validate({name: value for name, value in kept.items() if value is not ...})
    return {"till": type(connector)("till", settings, stage.clock)}


@pytest.mark.parametrize("bare", [False, True])
def test_a_person_s_yes_becomes_the_first_pair_and_the_list_can_be_read(person: Person, bare: bool) -> None:
    person.bare = bare
    connectors = _connectors(person.stage)
    said = connect(connectors, "till", person.hears, person.says)
    assert said.startswith("till is connected: access token for another ")
    assert person.asked["client_id"] == person.stage.account.access.client_id
    assert person.asked["response_type"] == "code"
    assert len(person.asked["state"]) >= 8
    assert "customers" in person.asked["scope"]
    assert _file(person.stage).path.stat().st_mode & 0o777 == 0o600
    assert len(pulled(connectors["till"])[0]) == 2


def test_only_the_rights_that_are_needed_are_asked_for(person: Person) -> None:
    for writes in (False, True):
        connect(_connectors(person.stage, writes=writes), "till", person.hears, person.says)
        reading = {"lightspeed_x": "customers:read retailer:read", "lightspeed_r": "employee:customers_read"}
        assert (person.asked["scope"] == reading[person.stage.meeting.kind]) is not writes


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        ({"state": "another one"}, "its state is not ours"),
        ({"error": "access_denied"}, "the consent was refused"),
        ({"code": ""}, "there is no code"),
        ({"code": "f" * 40}, "start `rollcall connect` again|authorise it again with `rollcall connect`"),
    ],
)
def test_an_answer_that_is_no_yes_leaves_no_tokens(person: Person, answers: dict[str, str], why: str) -> None:
    person.answers = answers
    with pytest.raises(VendorError, match=why) as caught:
        connect(_connectors(person.stage), "till", person.hears, person.says)
    assert "ffff" not in str(caught.value)
    assert not _file(person.stage).path.exists()


@pytest.mark.parametrize("code", ["code-9==", "a/b+c=", "plain"])
def test_a_code_by_itself_is_taken_whatever_signs_it_has(code: str) -> None:
    assert code_of(f" {code} ", "ours") == code


def test_of_two_states_none_is_believed() -> None:
    with pytest.raises(VendorError, match="its state is not ours"):
        code_of("https://app.example.com/?code=c&state=other&state=ours", "ours")


def test_a_pair_that_cannot_be_stored_is_not_used(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("connectors.tokens._write_down", full)
    with pytest.raises(VendorError, match="could not be stored .*No space left"):
        connect(_connectors(person.stage), "till", person.hears, person.says)


def test_who_takes_no_consent_is_told_before_anything_is_asked(person: Person) -> None:
    with pytest.raises(ConfigError, match="no source is called tills: the configuration names till"):
        connect(_connectors(person.stage), "tills", person.hears, person.says)
    assert not person.asked


def test_x_series_needs_the_address_of_the_app_and_no_personal_token(tmp_path: Path) -> None:
    opened = stages(tmp_path, "lightspeed_x")
    stage = next(opened)()
    try:
        for changes, why in (
            ({"redirect_uri": None}, "write redirect_uri"),
            ({"tokens": ..., "client_id": ..., "client_secret": ..., "token": {"env": "HOME"}}, "needs no consent"),
        ):
            with pytest.raises(ConfigError, match=why):
                connect(_connectors(stage, **changes), "till", print, input)
    finally:
        next(opened, None)
