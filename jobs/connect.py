"""`rollcall connect SOURCE`: the first consent of a source whose tokens rotate; nothing listens, a person carries the code."""

import secrets
from collections.abc import Callable, Mapping

from connectors.base import Connector, VendorError
from connectors.consent import Consenting, code_of
from jobs.errors import ConfigError


def connect(
    connectors: Mapping[str, Connector], source: str, tell: Callable[[str], None], ask: Callable[[str], str]
) -> str:
    """Tell which address to open, ask for what came back, and store the tokens; returns until when they are good.

    Raises ConfigError where the source takes no consent, VendorError where the answer or the code is refused.
    """
    connector = connectors.get(source)
    if connector is None:
        raise ConfigError(f"no source is called {source}: the configuration names {', '.join(sorted(connectors))}")
    if not isinstance(connector, Consenting):
        raise ConfigError(f"{source}: {connector.kind} takes no consent; docs/connectors.md says what lets us in")
    try:
        consent = connector.consent()
    except VendorError as error:
        raise ConfigError(str(error)) from None
    state = secrets.token_urlsafe(24)
    tell(f"Open this address as an admin of the account, and agree to {', '.join(consent.scopes)}:")
    tell(consent.address(state))
    tell(f"The browser is then led to the app's own address; the page need not load. The code lasts {consent.lasts}.")
    code = code_of(ask("That address, or its code"), state)
    return f"{source} is connected: {connector.consented(code)}"
