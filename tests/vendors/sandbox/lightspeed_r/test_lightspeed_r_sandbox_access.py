"""Who is let in by the simulated R-Series account, and how much it serves: tokens, scopes, buckets, faults."""

import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from connectors.sandbox.base import Ledger
from connectors.sandbox.lightspeed_r import Account
from tests.vendors.sandbox.lightspeed_r.till import ADA, START, Till

# Access


def test_settings_and_the_token_file_are_what_a_configuration_needs(till: Till) -> None:
    assert list(till.account.secrets()) == [till.settings["client_secret"]["env"]]
    file = Path(till.settings["tokens"]["file"])
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert set(till.tokens) == {"access_token", "refresh_token", "expires_at"}
    assert till.tokens["expires_at"] == START + 3600
    assert len(till.tokens["access_token"]) > 1500, "kilobytes, as the vendor's"
    assert till.get("Shop")["Shop"]["timeZone"] == "America/Toronto"
    assert till.call("GET", f"{till.account.url}/Account.json").json()["Account"]["accountID"] == "1"


def test_without_a_token_folder_no_connector_could_speak_to_it() -> None:
    account = Account("bare", lambda: START, Ledger())
    with pytest.raises(ValueError, match="token_folder"):
        account.settings()
    with pytest.raises(ValueError, match="token_folder"):
        account.authorise()


def test_a_token_runs_out_by_the_injected_time_and_both_change_on_refresh(till: Till) -> None:
    till.at = START + 3600
    refused = till.call("GET", "Customer")
    assert (refused.status_code, refused.json()["error"]) == (401, "access_denied")
    assert refused.json()["hint"] == "Access token could not be verified"
    given = till.refresh(till.tokens["refresh_token"]).json()
    assert (given["token_type"], given["expires_in"]) == ("Bearer", 3600)
    assert given["access_token"] != till.tokens["access_token"]
    assert given["refresh_token"] != till.tokens["refresh_token"]
    till.tokens = given
    assert till.ids() == []


def test_the_old_refresh_token_dies_when_the_new_access_token_is_first_used(till: Till) -> None:
    old = till.tokens["refresh_token"]
    lost = till.refresh(old).json()
    given = till.refresh(old).json()
    assert till.account.access.refreshable(old), "an answer that got lost costs nothing"
    till.tokens = given
    till.get("Customer")
    assert not till.account.access.refreshable(old)
    refused = till.refresh(old)
    assert (refused.status_code, refused.json()) == (400, {"error": "invalid_grant"})
    till.tokens = lost
    assert till.call("GET", "Customer").json()["hint"] == "Access token has been revoked"


def test_where_a_refresh_revokes_at_once_the_old_pair_is_dead(opened: Callable[..., Till]) -> None:
    till = opened(refresh_revokes_old="at_once")
    till.refresh(till.tokens["refresh_token"])
    assert till.call("GET", "Customer").status_code == 401
    assert till.refresh(till.tokens["refresh_token"]).status_code == 400


def test_five_refreshes_a_minute_and_thirty_days_of_rest(till: Till) -> None:
    answers = [till.refresh(till.tokens["refresh_token"]) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert answers[-1].headers["Retry-After"] == "60"
    till.at += 60
    assert till.refresh(till.tokens["refresh_token"]).status_code == 200
    till.at += 30 * 86_400
    assert till.refresh(till.tokens["refresh_token"]).json() == {"error": "invalid_grant"}


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"client_secret": "x"}, 401, "invalid_client"),
        ({"client_id": ""}, 400, "invalid_client"),
        ({"scope": "employee:all"}, 400, "invalid_scope"),
        ({"grant_type": "password"}, 400, "invalid_request"),
        ({"refresh_token": "x"}, 400, "invalid_grant"),
        ({"grant_type": "authorization_code", "code": "x"}, 400, "invalid_grant"),
    ],
)
def test_the_token_endpoint_refuses(till: Till, change: dict[str, str], status: int, error: str) -> None:
    given = {"grant_type": "refresh_token", "refresh_token": till.tokens["refresh_token"]} | change
    answer = till.token(**given)
    assert (answer.status_code, answer.json()) == (status, {"error": error})


def test_a_code_lives_a_minute_and_works_once_as_form_or_json(till: Till) -> None:
    code, late = till.account.access.authorise(), till.account.access.authorise()
    who = {"client_id": till.settings["client_id"], "client_secret": next(iter(till.account.secrets().values()))}
    form = who | {"grant_type": "authorization_code", "code": code}
    assert till.web.post(till.settings["token_url"], data=form, timeout=10).status_code == 200
    assert till.web.post(till.settings["token_url"], data=form, timeout=10).status_code == 400
    till.at += 60
    assert till.token(grant_type="authorization_code", code=late).status_code == 400
    assert till.web.get(till.settings["token_url"], timeout=10).status_code == 405


def test_a_revoked_connection_needs_a_person_again(till: Till) -> None:
    till.account.access.revoke()
    assert till.call("GET", "Customer").json()["hint"] == "Access token has been revoked"
    assert till.refresh(till.tokens["refresh_token"]).status_code == 400
    till.account.authorise()
    till.tokens = json.loads(Path(till.settings["tokens"]["file"]).read_text("utf-8"))
    assert till.ids() == []


def test_scopes_and_rights_and_the_account_limit_what_may_be_done(till: Till) -> None:
    key = till.account.add(ADA)
    elsewhere = till.call("GET", f"{till.account.url}/Account/2/Customer.json")
    assert elsewhere.status_code == 403
    till.account.access.rights = frozenset({"Customers - Basic"})
    assert till.call("DELETE", f"Customer/{key}").status_code == 403
    till.account.access.scopes = frozenset({"employee:customers_read"})
    assert till.call("PUT", f"Customer/{key}", {"firstName": "X"}).status_code == 403
    assert till.call("GET", "Tag").status_code == 403
    assert till.ids() == [key]
    till.account.access.scopes = frozenset({"employee:tags"})
    assert till.call("GET", "Customer").status_code == 403
    assert till.ledger.effects == []
