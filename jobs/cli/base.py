"""What every command shares: the configuration and JSON, before or after its name; results on stdout, progress on stderr."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from jobs.desk import Desk, guarded

_CONFIG = click.option("--config", "own_config", type=click.Path(path_type=Path), help="The configuration.")
_JSON = click.option("--json", "own_json", is_flag=True, help="Results as JSON.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="rollcall")
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    default=Path("config.yaml"),
    show_default=True,
    help="The configuration.",
)
@click.option("--json", "as_json", is_flag=True, help="Results as JSON.")
@click.pass_context
def main(context: click.Context, config: Path, as_json: bool) -> None:
    """Call the roll of a retail group's customers: who is who, what drifted, what to correct."""
    context.obj = Desk(config, as_json)


def command(*decorators: Callable[..., Any], name: str | None = None) -> Callable[[Callable[..., None]], click.Command]:
    """A command of `rollcall`, with what every one of them takes: the configuration and JSON, before or after its name."""

    def wrap(function: Callable[..., None]) -> click.Command:
        decorated: Any = guarded(function)
        for decorator in reversed((*decorators, _CONFIG, _JSON)):
            decorated = decorator(decorated)
        made: click.Command = main.command(name or function.__name__)(decorated)
        return made

    return wrap
