"""What tests of the Shopify connector ask, and in which form they look at it."""

from typing import Any

import pytest

from connectors.base import Evidence, VendorError
from connectors.clock import SimulatedClock

Shop = Any
DENIED = {
    "errors": [{
        "message": "Access denied for defaultPhoneNumber field.",
        "extensions": {"code": "ACCESS_DENIED", "requiredAccess": "`read_customers` access scope"},
        "path": ["nodes", 0, "defaultPhoneNumber"],
    }],
    "data": None,
}  # fmt: skip
BROKEN = {"errors": [{"message": "Internal error", "extensions": {"code": "INTERNAL_SERVER_ERROR"}}]}


def throttled(available: float, requested: float = 178) -> dict[str, Any]:
    bucket = {"maximumAvailable": 2000, "currentlyAvailable": available, "restoreRate": 100}
    cost = {"requestedQueryCost": requested, "actualQueryCost": None, "throttleStatus": bucket}
    errors = [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}]
    return {"errors": errors, "extensions": {"cost": cost}}


def ended(status: str, error: str | None = None, **more: Any) -> dict[str, Any]:
    operation = {
        "id": "gid://shopify/BulkOperation/1", "status": status, "errorCode": error, "objectCount": "2",
        "rootObjectCount": "2", "fileSize": None, "url": None, "partialDataUrl": None,
    }  # fmt: skip
    return {"data": {"bulkOperation": operation | more}}


def pulled(shop: Shop, clock: SimulatedClock, **settings: Any) -> tuple[list[dict[str, Any]], Evidence]:
    evidence = Evidence()
    connector = shop.connector(clock, writes=False, **settings)
    return [dict(record) for page in connector.pages(evidence) for record in page.records], evidence


def failed(shop: Shop, clock: SimulatedClock) -> VendorError:
    evidence = Evidence()
    with pytest.raises(VendorError) as caught:
        list(shop.connector(clock, writes=False).pages(evidence))
    assert evidence.end_mark is False
    return caught.value


def asked(shop: Shop, field: str) -> int:
    return [name for name, _, _ in shop.asked].count(field)
