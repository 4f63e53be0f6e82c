"""The last certified exports, matched as the night matches them: for questions between two nights. Nothing is pulled."""

from jobs import erased, match, phones, prepare
from jobs.errors import ConfigError
from jobs.pull import Pulled
from jobs.warehouse import Warehouse
from jobs.workspace import Workspace


def match_last(workspace: Workspace, warehouse: Warehouse) -> None:
    """Fill the warehouse up to entities. Raises ConfigError where a source has no certified export that is still kept."""
    settings, state = workspace.settings, workspace.state
    pulled = {}
    for name in settings.sources:
        row = state.last_certified(name)
        if row is None or not (workspace.folder / row.path).exists():
            raise ConfigError(f"{name} has no certified export that is still kept: `rollcall run` reads it")
        pulled[name] = Pulled(name, row, row, True, [], "")
    prepare.configure(warehouse, settings, workspace.connectors)
    prepare.load(warehouse, settings, pulled, workspace.connectors, workspace.vault)
    prepare.judge_sources(warehouse, settings, pulled, {}, workspace.clock.now())
    prepare.remember(warehouse, {}, state.decisions_in_force(workspace.today()))
    erased.recall(warehouse, state)
    phones.fill(warehouse.connection, workspace.vault, workspace.folder, state)
    match.match(warehouse, settings.match, today=workspace.today(), key=workspace.vault.sql_key("entity"))
