"""What tests of applying write."""

from collections.abc import Callable
from typing import Any

PHONE = {"phone": "+14165550142"}
NEW = {"first_name": "Ada", "last_name": "Roe", "phone": "+14165550190", "email": "ada@example.com"}


def create(bench: Any, name: str = "c", **more: Any) -> Any:
    words = {"action": "create", "profile_id": None, "reversible": "not", "needs": ("approval",), **more}
    return bench.correction(name, NEW, **words)


def crash_at(step: str) -> Callable[[str], None]:
    """Power is cut at a step; what was journaled by then is all that a second run knows."""

    def probe(point: str) -> None:
        if point.split(maxsplit=1)[0] == step:
            raise KeyboardInterrupt

    return probe
