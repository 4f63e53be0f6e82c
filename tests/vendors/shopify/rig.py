"""A small scripted Shopify: one shop behind GraphQL on one port, its export files on another.

It selects what a document asks for, does what mutations say, and repeats the vendor's recorded texts.
"""
# ruff: noqa: A002, N802, N803 - resolvers and their arguments bear the names of the vendor's fields

import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from graphql import (
    FieldNode,
    OperationDefinitionNode,
    parse,
    value_from_ast_untyped,
)

from connectors._shopify_words import landed
from connectors.base import Change
from connectors.clock import Clock
from connectors.shopify import Shopify
from tests.vendors.scripted import Answer, Loopback, ScriptedAccount, as_json
from tests.vendors.shopify.graph import Node, below, customer, errors, gid, metafield, selected
from tests.vendors.shopify.writes import cases

TOKEN = "shpat_canary-5d21"
GRANTED = "shpca_canary-77b0"
CLIENT_SECRET = "shpss_canary-0c4e"
SCOPES = ["read_customers", "write_customers"]
LINK_KEYS = {"rollcall.till": "till", "rollcall.old_till": "old"}
COST = {
    "requestedQueryCost": 10,
    "actualQueryCost": 10,
    "throttleStatus": {"maximumAvailable": 2000, "currentlyAvailable": 1990, "restoreRate": 100},
}
Override = Callable[[str, Mapping[str, Any]], Any]


class Rig(ScriptedAccount):
    """The shop. Attributes are the strings that a test pulls."""

    page_size = None
    secrets = (TOKEN, GRANTED, CLIENT_SECRET)

    def __init__(self) -> None:
        super().__init__()
        self.graph, self.files = self._server, Loopback(self._file)
        self.clock: Clock | None = None
        self.granting = False
        self.scopes = list(SCOPES)
        self.version = "2026-10"
        self.serve(0)

    def serve(self, count: int) -> None:
        self.customers = {gid(n): customer(n) for n in range(7001, 7001 + count)}
        self.forget()
        self.overrides: dict[str, list[Any]] = {}
        self.asked: list[tuple[str, str, dict[str, Any]]] = []
        self.headers: list[dict[str, str]] = []
        self.file_headers: list[dict[str, str]] = []
        self.operation: Node = {}
        self.file = b""
        self.file_faults: list[Callable[[bytes], bytes]] = []
        self.tokens = 0

    def ids(self) -> list[str]:
        return [node["legacyResourceId"] for node in self.customers.values()]

    def connector(self, clock: Clock, *, writes: bool, **settings: Any) -> Shopify:
        self.clock = clock
        os.environ["RIG_SHOPIFY_TOKEN"], os.environ["RIG_SHOPIFY_SECRET"] = TOKEN, CLIENT_SECRET
        signing = {"client_id": "app", "client_secret": {"env": "RIG_SHOPIFY_SECRET"}}
        given = {
            "kind": "shopify", "role": "ecom", "base_url": self.graph.url, "link_keys": LINK_KEYS, "writes": writes,
            "domain": "sample.myshopify.com", **(signing if self.granting else {"token": {"env": "RIG_SHOPIFY_TOKEN"}}),
        }  # fmt: skip
        return Shopify("shop", Shopify.Settings.model_validate(given | settings), clock)

    def override(self, field: str, *answers: Any) -> None:
        """The next calls of one root field answer these, whole answers or exceptions to the rule."""
        self.overrides[field] = list(answers)

    def sent(self) -> list[Any]:
        return list(self._sent)

    def documents(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Every document that came, with its variables."""
        for _, document, variables in self.asked:
            yield document, variables

    def close(self) -> None:
        super().close()
        self.files.close()

    # the wire --------------------------------------------------------------------------------------------------------

    def _answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        self.headers.append(dict(headers))
        return super()._answer(method, target, headers, body)

    def _reply(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        if target == "/admin/oauth/access_token":
            self.tokens += 1
            return as_json(200, {"access_token": f"{GRANTED}-{self.tokens}", "expires_in": 86399})
        token = f"{GRANTED}-{self.tokens}" if self.granting else TOKEN
        if headers.get("X-Shopify-Access-Token") != token:
            return 401, {}, b'{"errors":"[API] Invalid API key or access token"}'
        if target != "/admin/api/2026-10/graphql.json":
            return 404, {}, b""
        asked = json.loads(body)
        status, said, payload = as_json(200, self._executed(asked["query"], asked["variables"]))
        return status, {**said, "X-Shopify-API-Version": self.version}, payload

    def _file(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        self._requests += 1
        self.file_headers.append(dict(headers))
        said = self.file_faults.pop(0)(self.file) if self.file_faults else self.file
        return 200, {"Content-Type": "application/jsonl"}, said

    def _executed(self, document: str, variables: dict[str, Any]) -> Node:
        operation = parse(document).definitions[0]
        assert isinstance(operation, OperationDefinitionNode)
        data: Node = {}
        for field in operation.selection_set.selections:
            assert isinstance(field, FieldNode)
            name = field.name.value
            self.asked.append((name, document, variables))
            arguments = {a.name.value: value_from_ast_untyped(a.value, variables) for a in field.arguments or ()}
            if self.overrides.get(name):
                answer = self.overrides[name].pop(0)
                if answer is not None:
                    return dict(answer)
            if operation.operation.value == "mutation" and not name.startswith("bulk"):
                self._sent.append((name, arguments))
            data[name] = selected(getattr(self, f"_{name}")(**arguments), field.selection_set, variables)
        return {"data": data, "extensions": {"cost": COST}}

    # reading ---------------------------------------------------------------------------------------------------------

    def _shop(self) -> Node:
        return {"name": "Sample", "myshopifyDomain": "sample.myshopify.com"}

    def _currentAppInstallation(self) -> Node:
        return {"accessScopes": [{"handle": handle} for handle in self.scopes]}

    def _customersCount(self, limit: int | None = 10_000) -> Node:
        count = len(self.customers)
        return {"count": count if limit is None else min(count, limit), "precision": "EXACT"}

    def _customers(self, first: int) -> Node:
        return {"nodes": list(self.customers.values())[:first]}

    def _nodes(self, ids: list[str]) -> list[Node | None]:
        assert len(ids) <= 250
        return [self.customers.get(one) for one in ids]

    def _customerByIdentifier(self, identifier: Mapping[str, str]) -> Node | None:
        (kind, wanted), *more = identifier.items()
        assert not more
        for node in self.customers.values():
            email, phone = node["defaultEmailAddress"] or {}, node["defaultPhoneNumber"] or {}
            found = {"emailAddress": email.get("emailAddress", "").lower(), "phoneNumber": phone.get("phoneNumber")}
            if found[kind] == (wanted.lower() if kind == "emailAddress" else wanted):
                return node
        return None

    # the export ------------------------------------------------------------------------------------------------------

    def _bulkOperationRunQuery(self, query: str, groupObjects: bool) -> Node:
        assert groupObjects is False
        operation = parse(query).definitions[0]
        assert isinstance(operation, OperationDefinitionNode)
        self.file = b"".join(json.dumps(line).replace("/", "\\/").encode() + b"\n" for line in self._lines(operation))
        roots = len(self.customers)
        objects = self.file.count(b"\n")
        done = {
            "status": "COMPLETED", "errorCode": None, "objectCount": str(objects), "rootObjectCount": str(roots),
            "fileSize": str(len(self.file)), "partialDataUrl": None,
            "url": f"{self.files.url}/export.jsonl?Expires=1&Signature=s" if roots else None,
        }  # fmt: skip
        none = dict.fromkeys(("errorCode", "fileSize", "url", "partialDataUrl"))
        begun = {"status": "CREATED", "objectCount": "0", "rootObjectCount": "0"} | none
        self.operation = {"id": "gid://shopify/BulkOperation/1", "polls": [begun, begun | {"status": "RUNNING"}, done]}
        return {"bulkOperation": {"id": self.operation["id"], "status": "CREATED"}, "userErrors": []}

    def _lines(self, operation: OperationDefinitionNode) -> list[Node]:
        """Children before and after their parents: the vendor promises no order."""
        roots, children = [], []
        (connection,) = operation.selection_set.selections
        node_set = below(connection, "edges", "node")
        for node in self.customers.values():
            line = selected(node, node_set, {})
            for name in [name for name, value in line.items() if isinstance(value, dict) and "edges" in value]:
                children += [{**edge["node"], "__parentId": node["id"]} for edge in line.pop(name)["edges"]]
            roots.append(line)
        return children[::2] + roots[::-1] + children[1::2]

    def _bulkOperation(self, id: str) -> Node:
        polls = self.operation["polls"]
        return {"id": id, **(polls.pop(0) if len(polls) > 1 else polls[0])}

    def _bulkOperationCancel(self, id: str) -> Node:
        return {"bulkOperation": {"id": id, "status": "CANCELING"}, "userErrors": []}

    # writing ---------------------------------------------------------------------------------------------------------

    def _customerUpdate(self, input: Node) -> Node:
        node = self.customers.get(input["id"])
        if node is None:
            return errors("customer", ["id"], "Customer does not exist")
        return self._filled(node, input)

    def _customerCreate(self, input: Node) -> Node:
        number = 7900 + len(self.customers)
        empty = dict.fromkeys(("firstName", "lastName", "note", "defaultAddress", "defaultPhoneNumber"))
        node = customer(number, **empty, defaultEmailAddress=None, tags=[], metafields=[])
        answer = self._filled(node, input)
        if not answer["userErrors"]:
            self.customers[node["id"]] = node
            for name, update in (
                ("emailMarketingConsent", self._customerEmailMarketingConsentUpdate),
                ("smsMarketingConsent", self._customerSmsMarketingConsentUpdate),
            ):
                update({"customerId": node["id"], name: input[name]}) if name in input else None
        return answer

    def _filled(self, node: Node, given: Node) -> Node:
        for other in self.customers.values():
            email = (other["defaultEmailAddress"] or {}).get("emailAddress")
            if other is not node and given.get("email") and given["email"] == email:
                return errors("customer", ["email"], "Email has already been taken")
        node.update({name: given[name] for name in ("firstName", "lastName", "note", "tags") if name in given})
        if "email" in given:
            empty = customer(1)["defaultEmailAddress"] | {"marketingState": "NOT_SUBSCRIBED"}
            old = node["defaultEmailAddress"] or empty
            node["defaultEmailAddress"] = given["email"] and old | {"emailAddress": given["email"]}
        if "phone" in given:
            old = node["defaultPhoneNumber"] or customer(1)["defaultPhoneNumber"]
            node["defaultPhoneNumber"] = given["phone"] and old | {"phoneNumber": given["phone"]}
        for address in given.get("addresses", []):
            self._customerAddressCreate(node["id"], address, setAsDefault=True, node=node)
        for one in given.get("metafields", []):
            node["metafields"].append(metafield(f"{one['namespace']}.{one['key']}", one["value"], one["type"]))
        return {"customer": node, "userErrors": []}

    def _customerAddressCreate(
        self,
        customerId: str,
        address: Node,
        setAsDefault: bool,
        node: Node | None = None,
    ) -> Node:
        assert setAsDefault
        node = node or self.customers[customerId]
        node["defaultAddress"] = dict.fromkeys(customer(1)["defaultAddress"]) | {"id": "gid://shopify/MailingAddress/1"}
        return self._customerAddressUpdate(customerId, "gid://shopify/MailingAddress/1", address, node)

    def _customerAddressUpdate(
        self,
        customerId: str,
        addressId: str,
        address: Node,
        node: Node | None = None,
    ) -> Node:
        held = (node or self.customers[customerId])["defaultAddress"]
        if held is None or held["id"] != addressId:
            return errors("address", ["addressId"], "Address does not exist")
        held.update({"countryCodeV2" if name == "countryCode" else name: value for name, value in address.items()})
        return {"address": held, "userErrors": []}

    def _customerRequestDataErasure(self, customerId: str) -> Node:
        return {"customerId": customerId, "userErrors": []}

    def _tagsAdd(self, id: str, tags: list[str]) -> Node:
        node = self.customers[id]
        node["tags"] = sorted({*node["tags"], *tags}, key=str.lower)
        return {"node": node, "userErrors": []}

    def _tagsRemove(self, id: str, tags: list[str]) -> Node:
        node = self.customers[id]
        node["tags"] = [tag for tag in node["tags"] if tag not in tags]
        return {"node": node, "userErrors": []}

    def _customerEmailMarketingConsentUpdate(self, input: Node) -> Node:
        node = self.customers[input["customerId"]]
        if node["defaultEmailAddress"]:  # without an email: no error, no effect
            node["defaultEmailAddress"]["marketingState"] = input["emailMarketingConsent"]["marketingState"]
        return {"customer": node, "userErrors": []}

    def _customerSmsMarketingConsentUpdate(self, input: Node) -> Node:
        node = self.customers[input["customerId"]]
        node["defaultPhoneNumber"]["smsMarketingConsent"]["state"] = input["smsMarketingConsent"]["marketingState"]
        return {"customer": node, "userErrors": []}

    def _metafieldsSet(self, metafields: list[Node]) -> Node:
        written = []
        for one in metafields:
            node, key = self.customers[one["ownerId"]], f"{one['namespace']}.{one['key']}"
            held = {f"{m['namespace']}.{m['key']}": m for m in node["metafields"]}
            digest = held[key]["compareDigest"] if key in held else None
            if "compareDigest" in one and one["compareDigest"] != digest:
                return errors("metafields", ["metafields", "0"], "The resource has been updated", "STALE_OBJECT")
            held[key] = metafield(key, one["value"], one["type"])
            node["metafields"] = list(held.values())
            written.append(held[key])
        return {"metafields": written, "userErrors": []}

    def _metafieldsDelete(self, metafields: list[Node]) -> Node:
        for one in metafields:
            node = self.customers[one["ownerId"]]
            node["metafields"] = [
                m for m in node["metafields"] if (m["namespace"], m["key"]) != (one["namespace"], one["key"])
            ]
        return {"deletedMetafields": metafields, "userErrors": []}

    # the suite -------------------------------------------------------------------------------------------------------

    def odd_records(self) -> list[Mapping[str, Any]]:
        settings = Shopify.Settings.model_validate(
            {"kind": "shopify", "role": "ecom", "base_url": "https://sample.myshopify.com", "link_keys": LINK_KEYS,
             "token": {"env": "X"}}
        )  # fmt: skip
        nothing = dict.fromkeys(customer(1), None)
        email, phone = customer(1)["defaultEmailAddress"], customer(1)["defaultPhoneNumber"]
        nodes = [
            nothing | {"legacyResourceId": "1", "tags": [], "metafields": []},
            customer(2, firstName=" ", lastName="", note="", tags=["b ", "a", "a", "", "ä", "c;d"], numberOfOrders="0"),
            customer(3, defaultAddress=dict.fromkeys(customer(3)["defaultAddress"]), metafields=[]),
            customer(4, metafields=[metafield("rollcall.old_till", " 7 "), metafield("facts.birth_date", "28/2/1990")]),
            customer(5, metafields=[metafield("rollcall.till", " "), metafield("facts.birth_date", "1990-02-30")]),
            customer(6, firstName="=1+1", lastName="🙂", note="two\nlines", numberOfOrders="x", updatedAt="soon"),
        ]
        emails = ("NOT_SUBSCRIBED", "PENDING", "SUBSCRIBED", "UNSUBSCRIBED", "INVALID", "REDACTED", "NEW_WORD", None)
        texts = ("NEVER_SUBSCRIBED", "PENDING", "SUBSCRIBED", "UNSUBSCRIBED", "REDACTED", "NEW_WORD", None, None)
        nodes += [
            customer(
                n,
                defaultEmailAddress=email | {"marketingState": states[0]},
                defaultPhoneNumber=phone | {"smsMarketingConsent": states[1] and {"state": states[1]}},
            )
            for n, states in enumerate(zip(emails, texts, strict=True), 10)
        ]
        return [landed(node, node["metafields"], settings) for node in nodes]

    def writes(self) -> list[tuple[Change, list[Any]]]:
        return cases()


def build(folder: Path) -> Rig:
    """The rig of the contract suite."""
    return Rig()
