"""A configuration file as plain values: YAML without its surprises, and refusals that quote nothing of the file."""

import re
from pathlib import Path
from typing import Any

import yaml

from jobs.errors import ConfigError

_DEPTH = 50


def read(path: Path) -> dict[str, Any]:
    """The file as plain values, not judged yet. Raises ConfigError."""
    if not path.is_file():
        raise ConfigError(f"{path}: there is no such file; {_instead(path)}")
    try:
        text = path.read_text(encoding="utf-8")
        if line := _too_deep(text):
            raise ConfigError(f"{path}: not readable as YAML: nested too deeply, line {line}")
        raw = yaml.load(text, Loader=_Loader)  # noqa: S506 - derived from SafeLoader
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not readable as YAML: {_yaml_trouble(error)}") from None
    if not isinstance(raw, dict):
        raise ConfigError(f"{path}: expected keys such as group, sources, pairings")
    return raw


def _instead(path: Path) -> str:
    """What to do where the configuration is not there: another file beside it may be meant."""
    beside = sorted(place.name for place in path.parent.glob("*.y*ml"))[:3] if path.parent.is_dir() else []
    begin = (
        "`rollcall init FILE...` writes one of exported customer lists; config.yaml of the repository is the reference"
    )
    named = "`, or `".join(f"--config {path.parent / name}" for name in beside)
    return f"name yours, such as `{named}`; or {begin}" if beside else begin


def _yaml_trouble(error: Exception) -> str:
    """What is wrong and where, without the text that stands there: it may be a secret."""
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        mark = error.problem_mark
        return f"{error.problem or 'unreadable'}, line {mark.line + 1}, column {mark.column + 1}"
    return "it is not UTF-8 text" if isinstance(error, UnicodeDecodeError) else "a character that YAML does not allow"


def _too_deep(text: str) -> int | None:
    """The line where nesting goes too far: the parser reads on in peace, but the loader crashes on thousands of levels."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEPTH:
            return int(event.start_mark.line) + 1 if event.start_mark else 1
    return None


class _Loader(yaml.CSafeLoader):
    """YAML without its surprises: no dates, no base-60 numbers, `NO` is Norway, and a key given twice is refused."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(None, None, "a key is a word, not a list", key.start_mark)
            if key.value in seen and key.tag != "tag:yaml.org,2002:merge":
                raise yaml.constructor.ConstructorError(None, None, f"key {key.value!r} is given twice", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("tag:yaml.org,2002:bool", r"^(?:true|True|false|False|on|On|off|Off)$", "tTfFoO"),
    ("tag:yaml.org,2002:int", r"^[-+]?(?:0|[1-9][0-9]*)$", "-+0123456789"),
    ("tag:yaml.org,2002:float", r"^[-+]?[0-9]+\.[0-9]+$", "-+0123456789"),
    ("tag:yaml.org,2002:null", r"^(?:~|null|)$", ["~", "n", ""]),
    ("tag:yaml.org,2002:merge", r"^<<$", "<"),
):
    _Loader.add_implicit_resolver(_tag, re.compile(_pattern), list(_first))
