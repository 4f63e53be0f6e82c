"""A vendor's refusal may quote anybody: of its text nothing is kept but what is known beforehand."""

import json

import pytest

from connectors._ecwid_client import refusal_code
from connectors._guard import in_our_words
from connectors._lightspeed_x_client import objections
from connectors.http import Reply

FIELDS = ("email", "phone")


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("Phone 613-555-0142 is taken by Zora Quimby", "phone is on another customer already"),
        ("ZORA_QUIMBY: email, (613) 555 0142", "email is refused (400)"),
        ("must be unique", "a value is on another customer already"),
        ("Zora Quimby, 1990-02-03", "the vendor refused it (400)"),
        ("", "the vendor refused it (400)"),
    ],
)
def test_reasons_and_fields_that_are_known_are_told_and_nothing_else(said: str, told: str) -> None:
    ours = in_our_words(said, 400, FIELDS)
    assert ours.startswith(told)
    assert not any(word in ours.lower() for word in ("zora", "quimby", "555", "1990"))


def test_a_code_or_a_key_that_is_nobodys_known_word_is_dropped() -> None:
    def answered(body: object) -> Reply:
        return Reply(400, {}, json.dumps(body).encode())

    assert refusal_code(answered({"errorCode": "WRONG_PARAMETER"})) == "WRONG_PARAMETER"
    assert refusal_code(answered({"errorCode": "ZORA_QUIMBY"})) == ""
    assert objections(answered({"errors": {"email": [], "zora_quimby": []}})) == ["email"]
