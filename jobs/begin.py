"""`rollcall init`: a first configuration, of the export files that are at hand; nothing is read of them, and nothing is run."""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from jobs.errors import ConfigError
from jobs.settings import parse

SHOPS = frozenset({"shop", "shopify", "webshop", "eshop", "ecom", "ecommerce", "ecwid", "web", "online", "tymber"})
"""Words in the name of a file that say that a shop exported it; every other is taken for a till's."""
HEAD = """# Written by `rollcall init`: correct what is not so. config.yaml of the repository is the reference of every key.
# `rollcall check` tells what is read of each file, and whether a run would take it.
"""


def begin(path: Path, files: Sequence[Path], group: str | None, region: str) -> list[list[str]]:
    """Write a configuration of these files to `path`; returns what each was taken for as a table, heading first.

    Raises ConfigError: there is one already, a file is not there, or a setting cannot be used; then nothing is written.
    """
    if path.exists():
        raise ConfigError(f"{path}: there is a configuration already: edit it, or name another place with --config")
    if gone := [str(file) for file in files if not file.is_file()]:
        raise ConfigError(f"{', '.join(gone)}: not there; name the customer lists that you exported, as CSV or XLSX")
    sources = dict(_sources(files, path.parent, region))
    places = {"workspace": "./data", "state": "sqlite:///data/state.db", "key": {"file": "data/rollcall.key"}}
    named = group or re.sub(r"[^a-z0-9]+", "-", path.resolve().parent.name.lower()).strip("-") or "my-stores"
    raw = {"group": named, **places, "sources": sources, "pairings": _pairings(sources)}
    parse(raw, path)
    path.write_text(HEAD + yaml.safe_dump(raw, sort_keys=False, allow_unicode=True), encoding="utf-8")
    return [["source", "taken for", "file"], *([name, one["role"], one["path"]] for name, one in sources.items())]


def _sources(files: Sequence[Path], folder: Path, region: str) -> Iterator[tuple[str, dict[str, Any]]]:
    taken: set[str] = set()
    for file in files:
        words = re.findall(r"[a-z]+|[0-9]+", file.stem.lower()) or ["list"]
        name = "-".join(words)
        while name in taken:
            name += "-more"
        taken.add(name)
        role = "ecom" if SHOPS & set(words) else "pos"
        yield name, {"kind": "table", "role": role, "region": region, "path": os.path.relpath(file, folder)}


def _pairings(sources: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Every shop with all tills; `plain` compares and asks, whichever systems they are."""
    tills = [name for name, source in sources.items() if source["role"] == "pos"]
    shops = [name for name, source in sources.items() if source["role"] == "ecom"]
    return [{"preset": "plain", "ecom": shop, "pos": tills} for shop in shops if tills]
