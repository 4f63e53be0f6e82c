"""What is wrong with a configuration, in words: which key, where, and the nearest one that is known."""

import difflib
import re
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError


def nearest(word: str, known: Any) -> str:
    """The hint at the nearest known word, to hang on a sentence; empty where none is near."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f" (did you mean {close[0]!r}?)" if close else ""


def explain(error: ValidationError, model: type[BaseModel], path: Path, prefix: str = "") -> str:
    """Every trouble of a model that was refused, a line each, by its key in the file; entries of a list count from 1."""
    lines = [f"{path}: the configuration cannot be used:"]
    for item in error.errors():
        loc = [str(part) for part in item["loc"]]
        where = prefix + _place(item["loc"])
        if item["type"] == "extra_forbidden":
            lines.append(f"  {where}: unknown key{nearest(loc[-1], _names(model, loc[:-1]))}")
        else:
            lines.append(f"  {where or 'whole file'}: {_said(item['type'], item['msg'])}")
    return "\n".join(lines)


def _place(loc: tuple[int | str, ...]) -> str:
    words: list[str] = []
    for part in loc:
        if isinstance(part, int) and words:
            words[-1] += f" (entry {part + 1})"
        else:
            words.append(str(part))
    return ".".join(words)


def _said(kind: str, message: str) -> str:
    if kind == "missing":
        return "is needed, and is not there"
    return re.sub(r"^Input should be", "must be", message.removeprefix("Value error, "))


def _names(model: type[BaseModel], loc: list[str]) -> list[str]:
    """Every key that the part of the model at `loc` knows."""
    for step in loc:
        field = model.model_fields.get(step)
        inner = [] if field is None else _models(field.annotation)
        if inner:
            model = inner[0]
    return [field.alias or name for name, field in model.model_fields.items() if not field.exclude]


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models(part)]
