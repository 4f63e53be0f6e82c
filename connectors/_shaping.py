"""What `sql/shape` does to a value, for the one record that is looked at from Python."""

import re
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

SPACES = " \xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
"""What SQL's trim takes off."""
_DAY = re.compile(r"([12][0-9]{3}-[0-9]{2}-[0-9]{2})(?:[T ].*)?", re.DOTALL)


def clean(value: Any, *blanks: str) -> str | None:
    """A text without the spaces around it, or None where it is empty or stands for nothing in that system."""
    kept = value.strip(SPACES) if isinstance(value, str) else value
    return None if kept in (None, "", *blanks) else str(kept)


def day(value: Any) -> str | None:
    """`YYYY-MM-DD`, with or without a time after it, where there is such a day; else None."""
    found = _DAY.fullmatch(clean(value) or "")
    try:
        return date.fromisoformat(found[1]).isoformat() if found else None
    except ValueError:
        return None


def text(value: Any) -> Any:
    """A number as text; anything else as it is, so that a misfit is told and not bent."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def amount(value: Any, *, hundredths: bool = False) -> Any:
    """A balance as plain decimal text without idle zeros (`12.5`); None where none is told; a misfit as it is.

    `hundredths`: it is told in cents.
    """
    told = clean(value)
    try:
        number = Decimal(told or "") / (100 if hundredths else 1)
    except InvalidOperation:
        return told
    return f"{number.normalize():f}" if number.is_finite() else told
