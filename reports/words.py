"""Words that pages, tables and terminal lines share: how many of what, and commands that can be typed as they stand."""

import re
import shlex

COMMANDS = (
    "access", "apply", "check", "connect", "decide", "demo", "erase", "explain", "export", "golive", "init", "pause", "plan",
    "pull", "purge", "report", "resume", "rules", "run", "sandbox", "schedule", "status", "undo", "weights", "why",
)  # fmt: skip
"""What the command line offers; a test compares."""
DEFAULT_CONFIG = "config.yaml"
"""The configuration that a command reads where none is named."""
_COMMAND = re.compile(rf"\brollcall (?:{'|'.join(COMMANDS)})\b(?! --config)")
_IRREGULAR = {"has": "have", "is": "are", "was": "were", "does": "do", "customer blocks": "customers block"}


def many(number: int, noun: str) -> str:
    """`1 correction`, `2,000 corrections`, `2 certified nights`."""
    return f"{number:,} {plural(number, noun)}"


def plural(number: int, noun: str) -> str:
    """The noun, or the verb, as the number asks for it."""
    return noun if number == 1 else _IRREGULAR.get(noun, f"{noun}s")


def config_flag(config: str) -> str:
    """What every command needs besides, where another configuration than the default was given."""
    return f" --config {shlex.quote(config)}" if config and config != DEFAULT_CONFIG else ""


def runnable(text: str, flag: str) -> str:
    """The text with `flag` behind every command of `rollcall` in it, so that each can be typed as it is printed."""
    return _COMMAND.sub(lambda found: found[0] + flag, text) if flag else text
