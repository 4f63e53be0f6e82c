"""Merging two customers of a shop: the vendor's preview, the merge, its job, and what became of it (sheet: Merge).

The order of the arguments does not choose who stays; whose email is kept does, and the second where nobody has one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors._guard import listed
from connectors._shopify_client import Client
from connectors._shopify_words import GID
from connectors.base import Fate, Foreseen, VendorError
from connectors.clock import Clock

PREVIEW = """query MergePreview($one: ID!, $two: ID!, $keep: CustomerMergeOverrideFields) {
  customerMergePreview(customerOneId: $one, customerTwoId: $two, overrideFields: $keep) {
    resultingCustomerId
    customerMergeErrors { errorFields }
    blockingFields { note tags }
    defaultFields {
      firstName lastName email { emailAddress } phoneNumber { phoneNumber } orderCount giftCardCount
    }
  }
}"""
MERGE = """mutation Merge($one: ID!, $two: ID!, $keep: CustomerMergeOverrideFields) {
  customerMerge(customerOneId: $one, customerTwoId: $two, overrideFields: $keep) {
    resultingCustomerId job { id done } userErrors { field message code }
  }
}"""
JOB = """query MergeJob($id: ID!) {
  customerMergeJobStatus(jobId: $id) { status customerMergeErrors { errorFields } }
}"""
STANDING = """query MergeStanding($ids: [ID!]!) {
  nodes(ids: $ids) { ... on Customer { id mergeable { mergeInProgress { status resultingCustomerId } } } }
}"""
SCOPES = frozenset({"read_customer_merge", "write_customer_merge"})
LONGEST_WAIT_S = 300.0
"""So long a job is waited for here; one that takes longer is read again by `resume`."""
LONGEST_PAUSE_S = 30.0
_BLOCKERS = frozenset(
    {
        "COMPANY_CONTACT", "CUSTOMER_PAYMENT_METHODS", "DELETED_AT", "GIFT_CARDS", "MERGE_IN_PROGRESS",
        "MULTIPASS_IDENTIFIER", "OVERRIDE_FIELDS", "PENDING_DATA_REQUEST", "REDACTED_AT", "STORE_CREDIT", "SUBSCRIPTIONS",
    }
)  # fmt: skip
_OPEN = frozenset({"REQUESTED", "IN_PROGRESS"})


@dataclass(frozen=True, slots=True)
class Merging:
    """Two customers of one shop. `keeps_email`: whether the one who stays has an email, by which the vendor is told."""

    client: Client
    clock: Clock
    loser: str
    survivor: str
    keeps_email: bool

    def preview(self) -> Foreseen:
        """What it would come to; never writes. Raises VendorError."""
        told = self.client.read(PREVIEW, self.variables)["customerMergePreview"]
        blockers = _blockers(told["customerMergeErrors"])
        blocking = told["blockingFields"] or {}
        blockers += ["TAGS"] if blocking.get("tags") else []
        blockers += ["NOTE"] if blocking.get("note") else []
        return Foreseen(_number(told["resultingCustomerId"]), tuple(blockers), _held(told["defaultFields"] or {}))

    def write(self) -> None:
        """Merge, and wait for the vendor's job. Raises VendorError; unless it was refused the effect is unknown."""
        payload = self.client.write(MERGE, self.variables)
        kept, job = _number(payload.get("resultingCustomerId")), (payload.get("job") or {}).get("id")
        if kept != self.survivor:
            self._fail(f"Shopify keeps {kept or 'nobody that it names'} of the two")
        if not isinstance(job, str):
            self._fail("Shopify names no job for the merge")
        else:
            self._wait_for(job)

    def fate(self) -> Fate:
        """By reading alone. Who was merged away reads null; nothing tells it from one who was deleted (sheet)."""
        nodes = self.client.read(STANDING, {"ids": [GID.format(self.loser), GID.format(self.survivor)]})["nodes"]
        loser, survivor = nodes
        if loser is None:
            return "elsewhere" if survivor is None else "done"
        jobs = [((node or {}).get("mergeable") or {}).get("mergeInProgress") or {} for node in nodes]
        return "running" if any(job.get("status") in _OPEN for job in jobs) else "apart"

    def _wait_for(self, job: str) -> None:
        waited, pause = 0.0, 1.0
        while True:
            told = self.client.read(JOB, {"id": job})["customerMergeJobStatus"] or {}
            if told.get("status") == "COMPLETED":
                return
            if told.get("status") == "FAILED":
                self._fail(f"Shopify's merge failed: {', '.join(_blockers(told.get('customerMergeErrors')))}")
            if waited >= LONGEST_WAIT_S:
                self._fail("Shopify has not finished the merge")
            self.clock.sleep(pause)
            waited, pause = waited + pause, min(2 * pause, LONGEST_PAUSE_S)

    def _fail(self, text: str) -> None:
        raise VendorError(f"{self.client.name}: {text}", permanent=True, effect="unknown")

    @property
    def variables(self) -> dict[str, Any]:
        survivor = GID.format(self.survivor)
        keep = {"customerIdOfEmailToKeep": survivor} if self.keeps_email else {}
        return {"one": GID.format(self.loser), "two": survivor, "keep": keep}


def _blockers(errors: Any) -> list[str]:
    """The vendor's own words for what stands against it; its sentences may hold a name."""
    found = [word for error in errors or [] for word in (error.get("errorFields") or [""])]
    return list(dict.fromkeys(listed(word, _BLOCKERS) or "a reason that is not known here" for word in found))


def _held(fields: Mapping[str, Any]) -> dict[str, str | None]:
    told = {
        "first_name": fields.get("firstName"), "last_name": fields.get("lastName"),
        "email": (fields.get("email") or {}).get("emailAddress"),
        "phone": (fields.get("phoneNumber") or {}).get("phoneNumber"),
        "orders": fields.get("orderCount"), "gift_cards": fields.get("giftCardCount"),
    }  # fmt: skip
    return {name: None if value is None else str(value) for name, value in told.items()}


def _number(gid: Any) -> str:
    return str(gid or "").removeprefix(GID.format(""))
