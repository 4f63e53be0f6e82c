"""How a vendor's no, failure or nonsense is told, whatever it was that no connector foresaw."""

import functools
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
BEWILDERED = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError)
"""What becomes of a connector that meets an answer of another form than any that it knows."""


class VendorError(Exception):
    """A vendor refused, failed or said something unusable.

    `permanent`: trying again cannot help. `effect`: whether a write may have taken effect all the same (`unknown`),
    which decides between refused and read-first.
    """

    def __init__(
        self, message: str, *, permanent: bool, status: int | None = None, effect: Literal["none", "unknown"] = "none"
    ) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.status = status
        self.effect = effect


def bewildered(source: str, error: Exception, *, writing: bool = False) -> VendorError:
    """An error that no connector foresaw, by its place: its text may hold a value."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{type(error).__name__} in {Path(frame.filename).name}, line {frame.lineno}"
    told = f"{source}: the vendor answered in a form that is not understood ({place}): please report it"
    return VendorError(told, permanent=False, effect="unknown" if writing else "none")


def understood(method: Callable[P, T], *, writing: bool = False) -> Callable[P, T]:
    """A method of a connector that raises nothing but VendorError, and OSError for the disk."""

    @functools.wraps(method)
    def asked(*given: P.args, **named: P.kwargs) -> T:
        try:
            return method(*given, **named)
        except BEWILDERED as error:
            told = bewildered(str(getattr(given[0], "name", "")), error, writing=writing)
        raise told

    return asked


def understood_list(method: Callable[P, Iterator[T]]) -> Callable[P, Iterator[T]]:
    """The same of a method that yields."""

    @functools.wraps(method)
    def asked(*given: P.args, **named: P.kwargs) -> Iterator[T]:
        try:
            yield from method(*given, **named)
            return
        except BEWILDERED as error:
            told = bewildered(str(getattr(given[0], "name", "")), error)
        raise told

    return asked
