"""One mutation over the lines of an uploaded file (sheet: Bulk writes): in no fixed order, each line for itself."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson
from graphql import FieldNode, OperationType

from connectors.sandbox.shopify.books import gid
from connectors.sandbox.shopify.bulk import Work
from connectors.sandbox.shopify.call import Call, user_error
from connectors.sandbox.shopify.documents import DocumentError, Prepared, prepare, variables
from connectors.sandbox.shopify.fields import RESOLVERS
from connectors.sandbox.shopify.render import AccessDeniedError, Compiler, Resolver, TopLevelError
from connectors.sandbox.shopify.schema import schema
from connectors.sandbox.shopify.staged import MOST_BYTES, UPLOADS
from connectors.sandbox.shopify.writes import MUTATIONS

Arguments = Mapping[str, Any]
Payload = dict[str, Any]


def staged_uploads_create(call: Call, arguments: Arguments) -> Payload:
    """Where to send files, and what has to come with each; the key of the file is what names it later."""
    targets = []
    for given in arguments["input"]:
        if given["httpMethod"] != "POST" or given["resource"] != "BULK_MUTATION_VARIABLES":
            wrong = user_error(
                ["input", "0", "resource"], "Resource is not simulated: variables of a bulk mutation by POST are"
            )
            return {"stagedTargets": None, "userErrors": [wrong]}
        announced = call.shop.staged.announce(given["filename"], given["mimeType"])
        parameters = [{"name": name, "value": value} for name, value in announced.items()]
        targets.append({"url": call.shop.files_url() + UPLOADS, "resourceUrl": None, "parameters": parameters})
    return {"stagedTargets": targets, "userErrors": []}


def bulk_run_mutation(call: Call, arguments: Arguments) -> Payload:
    """Starts it, where there is room, the mutation can run in bulk and the file is there. A lacking scope fails it as a whole."""
    desk, running = call.shop.desk, call.shop.desk.running("MUTATION")
    if len(running) >= call.shop.quirks.bulk_mutations:
        ids = ", ".join(gid("BulkOperation", operation.id) for operation in running)
        said = f"A bulk mutation operation for this app and shop is already in progress: {ids}."
        return _refused(None, said, "OPERATION_IN_PROGRESS")
    text, content = arguments["mutation"], call.shop.staged.contents.get(arguments["stagedUploadPath"])
    try:
        prepared = _prepared(call.version, text)
    except DocumentError as error:
        return _refused(["mutation"], f"Invalid bulk mutation: {error}", "INVALID_MUTATION")
    if content is None:
        return _refused(
            ["stagedUploadPath"], "The JSONL file could not be found. Try uploading the file again.", "NO_SUCH_FILE"
        )
    if not content.strip() or len(content) > MOST_BYTES:
        said = "The input file is empty, or exceeds the maximum allowed size of 100 MB."
        return _refused(["stagedUploadPath"], said, "INVALID_STAGED_UPLOAD_FILE")
    try:
        _compiler(call, prepared, {}).check_scope("Mutation", _root(prepared).name.value)
    except AccessDeniedError:
        return {"bulkOperation": desk.open_denied(text).entry(), "userErrors": []}
    lines = content.splitlines()
    order = list(range(len(lines)))
    random.Random(f"{len(desk.operations)}-{len(lines)}").shuffle(order)
    work = _worker([(number, lines[number]) for number in order], lambda line: _answered(call, prepared, line))
    return {"bulkOperation": desk.open(text, lambda rng: ([], 0), work).entry(), "userErrors": []}


def _worker(lines: Sequence[tuple[int, bytes]], answer: Callable[[bytes], Payload]) -> Work:
    done: list[bytes] = []

    def work(share: float) -> list[bytes]:
        """Never goes back: what is done is done."""
        for number, line in lines[len(done) : max(len(done), int(len(lines) * share))]:
            entry = {**answer(line), "__lineNumber": number}
            done.append(orjson.dumps(entry).replace(b"/", b"\\/") + b"\n")
        return list(done)

    return work


def _answered(call: Call, prepared: Prepared, line: bytes) -> Payload:
    """What one line came to: `data`, or `errors` as at the top of an answer."""
    try:
        given = orjson.loads(line)
        values = variables(call.version, prepared.operation, given if isinstance(given, dict) else {})
        compiler, root = _compiler(call, prepared, values), schema(call.version).mutation_type
        assert root is not None
        return {"data": compiler.fields(root, compiler.collect(root, [prepared.operation.selection_set]))(None, ())}
    except orjson.JSONDecodeError:
        return {"errors": [{"message": "The line is no JSON", "extensions": {"code": "BAD_REQUEST"}}]}
    except DocumentError as error:
        return {"errors": error.errors}
    except AccessDeniedError as error:
        return {"data": None, "errors": [{"message": str(error), "extensions": {"code": "ACCESS_DENIED"}}]}
    except TopLevelError as error:
        return {"data": None, "errors": [{"message": str(error), "extensions": {"code": error.code}}]}


def _compiler(call: Call, prepared: Prepared, values: Any) -> Compiler:
    """What runs the mutation with one line's variables."""
    own = replace(call, reading=replace(call.reading, errors=[]))
    bound = {("Mutation", name): _bound(run, own) for name, run in MUTATIONS.items()}
    return Compiler(schema(call.version), prepared.fragments, values, {**RESOLVERS, **bound}, own.reading)


def _bound(run: Callable[[Call, Arguments], Payload], call: Call) -> Resolver:
    return lambda reading, record, arguments: run(call, arguments)


def _root(prepared: Prepared) -> FieldNode:
    (root,) = prepared.operation.selection_set.selections
    assert isinstance(root, FieldNode)
    return root


def _prepared(version: str, text: str) -> Prepared:
    """One mutation at the top, and not one that starts others. Raises DocumentError."""
    prepared = prepare(version, text)
    roots = [part for part in prepared.operation.selection_set.selections if isinstance(part, FieldNode)]
    mutating = prepared.operation.operation is OperationType.MUTATION
    if not mutating or len(roots) != 1 or roots[0].name.value.startswith("bulkOperation"):
        raise DocumentError([{"message": "exactly one mutation that can run in bulk is expected"}])
    return prepared


def _refused(field: list[str] | None, message: str, code: str) -> Payload:
    return {"bulkOperation": None, "userErrors": [user_error(field, message, code)]}


BULK_MUTATIONS: dict[str, Callable[[Call, Arguments], Payload]] = {
    "stagedUploadsCreate": staged_uploads_create,
    "bulkOperationRunMutation": bulk_run_mutation,
}
