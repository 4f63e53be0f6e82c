"""The command line; exit codes as in docs/operating.md. A command stands in the module of those who type it."""

from jobs.cli import beginnings, looks, nights, people, privacy, rehearsals
from jobs.cli.base import main

__all__ = ["beginnings", "looks", "main", "nights", "people", "privacy", "rehearsals"]
