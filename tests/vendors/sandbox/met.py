"""A connector under other settings, and one write as the writer makes it: for the tests of one vendor's own ways."""

from typing import Any

from connectors.base import Change, Connector
from tests.vendors.sandbox.meeting import Stage


def write(connector: Connector, profile_id: str | None, action: Any, **after: str | None) -> str:
    current = connector.fetch([profile_id])[profile_id] if profile_id else None
    return connector.write(Change(action, profile_id, {}, after, "k-1", current))


def configured(stage: Stage, **changes: Any) -> Any:
    """A connector under changed settings."""
    kept, stage.meeting.__class__.entry = stage.meeting.entry, {**stage.meeting.entry, **changes}
    try:
        return stage.connector()
    finally:
        stage.meeting.__class__.entry = kept


def view(connector: Connector, profile_id: str) -> dict[str, str | None]:
    record = connector.fetch([profile_id])[profile_id]
    assert record is not None
    return connector.view(record)
