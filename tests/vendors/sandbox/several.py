"""Simulated accounts, as many as a test asks for, and all of them ended with it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any


@contextmanager
def several(make: Callable[..., Any]) -> Iterator[Callable[..., Any]]:
    """A maker like `make`; what it made is closed at the end, also where the test fails."""
    with ExitStack() as ends:

        def one(**quirks: Any) -> Any:
            made = make(**quirks)
            ends.callback(made.close)
            return made

        yield one
