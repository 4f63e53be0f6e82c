"""Groups, orders and the change probe of a simulated Ecwid store over HTTP (sheet: Customer groups, ever purchased)."""

from typing import Any

from connectors.sandbox.ecwid.books import GENERAL, Record, stamp
from connectors.sandbox.ecwid.customers import CustomerWire, body_of
from connectors.sandbox.ecwid.search import page
from connectors.sandbox.ecwid.writes import RefusedError, wrong
from connectors.sandbox.server import Request, Response


class GroupWire(CustomerWire):
    """What stands beside the customers."""

    def groups(self, request: Request) -> Response:
        """Every group, General first; filtered by either spelling of the parameter."""
        wanted = request.arg("customerGroupIds") or request.arg("customerGroupId")
        rows = [group for key, group in self.books.groups.items() if not wanted or str(key) in wanted.split(",")]
        rows = [group for group in rows if request.arg("keyword").casefold() in group["name"].casefold()]
        return Response(200, page(request, self.quirks, rows, dict))

    def create_group(self, request: Request) -> Response:
        name, key = self._name(request, None), self.books.peek("group")
        if not self.pretending:
            self.books.add_group(name)
            self.record(request, "", {"group": name}, {})
        return Response(200, {"id": key})

    def group(self, request: Request, method: str, key: int) -> Response:
        group = self.books.groups.get(key)
        if group is None:
            raise RefusedError(404, f"Customer group #{key} not found")
        if method == "GET":
            return Response(200, group)
        if key == GENERAL or method not in ("PUT", "DELETE"):
            raise RefusedError(405, "Method not allowed", "METHOD_NOT_ALLOWED")
        if method == "DELETE":
            self._remove_group(request, key)
            return Response(200, {"deleteCount": 1})
        name = self._name(request, key)
        if not self.pretending:
            self.books.groups[key] = group | {"name": name}
            self.books.revision += 1
            self.record(request, "", {"group": name}, {"group": group["name"]})
        return Response(200, {"updateCount": 1})

    def orders(self, request: Request) -> Response:
        """The newest first; unfinished carts are orders too, as `INCOMPLETE`."""
        self._needs_orders()
        keys = [int(request.arg("customerId"))] if request.arg("customerId").isdigit() else list(self.books.orders)
        statuses = [status for status in request.arg("paymentStatus").split(",") if status]
        email = request.arg("email").casefold()
        rows = [
            (key, order)
            for key in keys
            for order in self.books.orders.get(key, [])
            if (not statuses or order["status"] in statuses) and email in self._email(key).casefold()
        ]
        rows.sort(key=lambda row: row[1]["at"], reverse=True)
        return Response(200, page(request, self.quirks, rows, lambda row: self._order(*row)))

    def last_order(self, request: Request) -> Response:
        self._needs_orders()
        key = self.books.holder(request.arg("customerEmail"))
        orders = self.books.orders.get(key, []) if key else []
        if key is None or not orders:
            raise RefusedError(404, "Order not found")
        return Response(200, self._order(key, orders[-1]))

    def latest_stats(self) -> Response:
        """The cheap change probe: when customers and orders last moved."""
        moved = [record["updated"] for record in self.books.customers.values()]
        ordered = [order["at"] for orders in self.books.orders.values() for order in orders]
        told = {"customersUpdated": moved, "ordersUpdated": ordered}
        return Response(200, {name: stamp(max(times)) for name, times in told.items() if times})

    def _order(self, key: int, order: Record) -> Record:
        record = self.books.customers.get(key, {})
        told: dict[str, Any] = {"id": f"ORD{order['id']}", "internalId": order["id"], "orderNumber": order["id"]}
        told |= {
            "email": self._email(key),
            "customerId": key,
            "total": order["total"],
            "paymentStatus": order["status"],
        }
        told |= {"customerGroupId": record.get("customerGroupId", GENERAL), "createDate": stamp(order["at"])}
        return told | {"updateDate": stamp(order["at"])}

    def _email(self, key: int) -> str:
        return str(self.books.customers.get(key, {}).get("email", ""))

    def _needs_orders(self) -> None:
        """Orders have a scope of their own; the wire says which are granted."""

    def _remove_group(self, request: Request, key: int) -> None:
        """Its customers fall back to General, and their `updated` moves."""
        if self.pretending:
            return
        for one in [k for k, record in self.books.customers.items() if record["customerGroupId"] == key]:
            with self.noted(request, one):
                self.change(one, {"customerGroupId": GENERAL})
        name = self.books.groups.pop(key)["name"]
        self.record(request, "", {"group": None}, {"group": name})

    def _name(self, request: Request, key: int | None) -> str:
        body = body_of(request)
        name = body.get("name") if isinstance(body, dict) else None
        if not isinstance(name, str) or not name.strip():
            raise wrong("Field CustomerMembership.name is absent")
        holder = self.books.group_named(name)
        if self.quirks.unique_group_names and holder not in (None, key):
            raise RefusedError(409, f"Customer group {name} already exists", "CONSTRAINT_VIOLATION")
        return name
