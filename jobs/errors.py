"""Refusals. A docstring is the default message, so each class explains itself; data problems are findings, never these."""


class RollcallError(Exception):
    """rollcall stopped."""

    exit_code = 1

    def __init__(self, message: str = "") -> None:
        super().__init__(message or (type(self).__doc__ or "").strip())


class ConfigError(RollcallError):
    """The configuration or the command cannot be used."""

    exit_code = 2


class IncompleteExport(RollcallError):
    """A source has no certificate of completeness (G1), so nothing may rest on it."""

    exit_code = 3


class BreakerTripped(RollcallError):
    """A breaker stands in the way: more would change than the limits allow without a person's word."""

    exit_code = 5


class StaleRow(RollcallError):
    """The profile is no longer what the plan judged; the row is handed back."""

    exit_code = 6


class LockHeld(RollcallError):
    """Another run holds the lock of this workspace."""

    exit_code = 11
