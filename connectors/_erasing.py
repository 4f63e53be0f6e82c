"""How a customer is erased at each vendor, by API or by a person (M15; sheets, archive and delete).

Not every delete erases: X-Series keeps a deleted customer with all values, and its birth date cannot be cleared by API;
Heartland, Treez and R-Series' archive only put a profile out of sight.
"""

from collections.abc import Mapping

BY_API: Mapping[str, str] = {
    "shopify": "Shopify is asked to erase the customer; it does so later, and may have to keep orders for months",
    "ecwid": "the customer is deleted for good; orders keep the name and address that were given with them",
    "lightspeed_r": "the note is emptied and the customer anonymised for good; custom fields and documents stay",
}
"""What a correction does there, and what it leaves."""
BY_HAND: Mapping[str, str] = {
    "shopify": "in the admin, open the customer, More actions, Erase personal data; a customer without orders can be deleted",
    "ecwid": "delete the customer in My Sales, Customers; then take the name and address out of the orders that must not keep them",
    "lightspeed_r": "empty the notes and custom fields of the customer in the back office, then anonymise the customer there",
    "lightspeed_x": "settle store credit and balances, empty the customer's fields in the back office, then delete the customer",
    "heartland": "no call erases anybody: empty name, phones, email, birth date, addresses and custom fields, then deactivate it",
    "treez": "no call erases a customer: empty the profile in the portal, deactivate it, and ask Treez support to erase what stays",
    "blaze_ecom": "no call erases anybody: ask BLAZE support in writing to erase the account and its documents in Mission Control",
    "greenline": "no call erases a customer: empty the customer in Greenline, archive it, and ask its support to erase what stays",
}
_ELSEWHERE = "erase the customer in that system, or ask whoever runs it to do so in writing"
NEUTRAL = frozenset(
    {
        "",
        "anonymised",
        "anonymized",
        "anonymous",
        "customer",
        "deleted",
        "erased",
        "n/a",
        "na",
        "privacy",
        "redacted",
        "removed",
    }
)
"""What a person, or a vendor, writes in the place of an erased name or street."""
UNDELIVERABLE = ".invalid"
"""How an email ends that stands where a system insists on one (C4, RFC 2606)."""


def by_hand(kind: str) -> str:
    """What a person does where no API can."""
    return BY_HAND.get(kind, _ELSEWHERE)


def is_nobody(view: Mapping[str, str | None]) -> bool:
    """Whether one profile in canonical words tells of nobody any more."""
    shown = {name: (value or "").strip().casefold() for name, value in view.items()}
    worded = {shown.get(name, "") for name in ("first_name", "last_name", "street")} - NEUTRAL
    named = {word for word in worded if not (word.startswith("[") and word.endswith("]"))}
    email = shown.get("email", "")
    reached = email and not email.endswith(UNDELIVERABLE)
    return not (named or reached or any(shown.get(name) for name in ("birth_date", "phone", "street_2", "note")))
