"""Groups and addresses of a simulated X-Series retailer over HTTP (sections 7, 8). Group writes enter one line per customer."""

from connectors.sandbox.lightspeed_x.books import Record
from connectors.sandbox.lightspeed_x.customers import CustomerWire, json_of
from connectors.sandbox.lightspeed_x.places import address_of
from connectors.sandbox.lightspeed_x.writes import RefusedError, invalid
from connectors.sandbox.server import Request, Response, difference


class GroupWire(CustomerWire):
    """What stands beside the customers: `/customer_groups`, and `/addresses` below one customer."""

    def addresses(self, request: Request, method: str, key: str, rest: list[str]) -> Response:
        held = self.books.addresses.get(key, [])
        found = {str(address["id"]): address for address in held}
        match method, rest:
            case "GET", []:
                return Response(200, {"data": held})
            case "POST", []:
                address = address_of(json_of(request))
                if self.pretending:
                    return Response(201, {"data": {"id": self.books.next_address, "customer_id": key} | address})
                made = self.books.add_address(key, address)
                self.record(request, key, {f"address:{made['id']}": address}, {}, 201)
                return Response(201, {"data": made | {"id_token": f"address-{made['id']}"}})
            case _, [number] if number not in found:
                return Response(404, {"error": "address not found"})
            case "GET", [number]:
                return Response(200, {"data": found[number]})
            case "PUT", [number]:
                return self._put_address(request, key, found[number])
            case "DELETE", [number]:
                if not self.pretending:
                    held.remove(found[number])
                    self.record(request, key, {f"address:{number}": None}, {f"address:{number}": found[number]}, 204)
                return Response(204)
        return Response(405, {"error": "method not allowed"})

    def _put_address(self, request: Request, key: str, address: Record) -> Response:
        changes, before = address_of(json_of(request)), dict(address)
        if not self.pretending:
            address |= changes
            after, had = difference(before, address)
            self.record(request, key, {f"address:{address['id']}": after}, {f"address:{address['id']}": had})
        return Response(200, {"data": before | changes})

    def create_group(self, request: Request) -> Response:
        name = self._group_name(request, None)
        if self.pretending:
            return Response(201, {"data": self.books.groups.rows[self.books.default_group] | {"name": name}})
        key = self.books.add_group(name)
        self.record(request, "", {"group": name}, {}, 201)
        return Response(201, {"data": self.books.groups.rows[key]})

    def group(self, request: Request, key: str, call: list[str], version: str) -> Response:
        match call:
            case ["GET"]:
                return Response(200, {"data": self.books.groups.rows[key]})
            case ["PUT"]:
                return self._rename_group(request, key)
            case ["DELETE"] if version == "2.0" and key != self.books.default_group:
                self._move(request, self.books.members(key), self.books.default_group, 204)
                if not self.pretending:
                    self.books.change_group(key, {"deleted_at": self.books.stamp()})
                return Response(204)
            case ["GET", "customers"]:
                return self.page(request, self.books.customers, self.shown, group=key)
            case ["POST", "customers"]:
                self._move(request, self._named(request), key, 201)
                return Response(201, True)
            case ["DELETE", "customers"]:
                inside = [one for one in self._named(request) if self.row(one)["customer_group_id"] == key]
                self._move(request, inside, self.books.default_group, 204)
                return Response(204)
        return Response(405, {"error": "method not allowed"})

    def _rename_group(self, request: Request, key: str) -> Response:
        name, before = self._group_name(request, key), self.books.groups.rows[key]
        if not self.pretending:
            self.books.change_group(key, {"name": name})
            self.record(request, "", {"group": name}, {"group": before["name"]})
        return Response(200, {"data": before | {"name": name}})

    def _group_name(self, request: Request, key: str | None) -> str:
        body = json_of(request)
        name = body.get("name") if isinstance(body, dict) else None
        if not isinstance(name, str) or not name.strip():
            raise invalid(name="is required")
        holder = self.books.group_named(name)
        if self.quirks.unique_group_names and holder not in (None, key):
            raise RefusedError(400, {"fields": {"name": "Already exists", "name_existing_id": holder}})
        return name

    def _named(self, request: Request) -> list[str]:
        """The customers that a group write names; one that is unknown or deleted refuses them all."""
        body = json_of(request)
        ids = body.get("customer_ids") if isinstance(body, dict) else None
        if not isinstance(ids, list) or not ids:
            raise invalid(customer_ids="is required")
        rows = self.books.customers.rows
        if any(one not in rows or rows[one]["deleted_at"] for one in ids):
            raise RefusedError(404, {"error": "customer not found"})
        return ids

    def _move(self, request: Request, ids: list[str], group: str, status: int) -> None:
        """One group per customer: into this one, out of any other."""
        for one in ids:
            with self.noted(request, one, status):
                self.change(one, {"customer_group_id": group})

    def live_group(self, key: str) -> bool:
        return key in self.books.groups.rows and not self.books.groups.rows[key]["deleted_at"]
