"""Groups of invented customers with everything that makes matching hard, the same for the same seed."""

import random
import unicodedata
from datetime import datetime, timedelta
from typing import Any

from tests.sql.given import Night

FIRST = (
    "Robert", "Bob", "Rob", "William", "Bill", "Elizabeth", "Liz", "Ann", "Anna", "Mary", "Mary Ann", "Mark", "Zoë", "Łukasz", "Søren", "Nguyễn",
    "Jean-Pierre", "Jean", "J", "Priya", "Prya", "Hiroshi", "Hirohsi", "Zofia", "Zofie", "Zofia", "Zofie", "Svetlana", "Sveltana", "Alexander", "Alexandre", "Kofi", "?", "N/A", "Guest", "NA", "Jayden", "Hayden", "K", None, None,
)  # fmt: skip
LAST = (
    "Roy",
    "Roy Jr",
    "Roy Sr.",
    "Roy Junior",
    "Côté",
    "van der Berg",
    "NA",
    "Okafor",
    "O'Connor",
    "Tremblay",
    "Priya",
    None,
)
STATUSES = ("active",) * 17 + ("archived", "archived", "deleted", "merged")
Profile = tuple[str, dict[str, Any]]


def profiles(seed: int, people: int = 100) -> list[Profile]:
    """Profiles of sources shop, till, ecom and down: people with several, families on one phone, strangers, crowds."""
    rng = random.Random(f"invented-{seed}")
    made: list[Profile] = []
    for number in range(people):
        made += _person(rng, number)
    made += [
        (f"till:c{n}", {"first_name": f"{chr(97 + n)}{chr(110 + n % 7)}{chr(104 + n)}kk", "phone": "613 555 9999"})
        for n in range(12)
    ]
    rng.shuffle(made)
    return made


def night(seed: int, *, given: list[Profile] | None = None, threads: int = 1, people: int = 100) -> Night:
    """The two pairings of the demo over `profiles(seed)`, with decisions, bases and a roll; close it."""
    rng = random.Random(f"night-{seed}")
    made = Night(threads=threads).source("shop", "shopify", "ecom").source("till", "heartland")
    made.source("ecom", "blaze_ecom", "ecom", region="US").source(
        "down", "treez", region="US", logins="treez_ecommerce"
    )
    made.pairing("mortar", "shop", "till", name="mortar", apply={"drift": "auto", "relink": "auto", "add_tag": "auto"})
    made.pairing("blaze_ecom", "ecom", "down", name="stores", silence="link")
    made.listed("email", "noemail@%").stands_in("till:3").stands_in("shop:5", default=True)
    everybody = profiles(seed, people)
    for one, other in decided(seed, everybody):
        made.decided(one, other, rng.choice(("same", "not_same")))
    for who, fields in given if given is not None else everybody:
        made.has(who, **fields)
    made.rolled({who: f"entity{rng.randrange(60)}" for who, _ in everybody if rng.random() < 0.5})
    memory = random.Random(f"outs-{seed}")
    others = random.Random(f"covers-{seed}")
    gone = [f"{source}:gone{n}" for source in ("shop", "till") for n in range(4)]
    for who in [*(who for who, _ in everybody if memory.random() < 0.15), *gone]:
        at = datetime(2026, 10, memory.randrange(1, 30)) if memory.random() < 0.3 else None
        covers = [others.choice(everybody)[0]] if who not in gone and others.random() < 0.2 else []
        channel = memory.choice(("email", "email", "sms"))
        made.recalls(who, channel, at=at, entity=f"entity{memory.randrange(60)}", covers=covers)
    for who, fields in everybody:
        for pos, i in fields.get("links", {}).items():
            if rng.random() < 0.5:
                made.based(
                    who,
                    f"{pos}:{i}",
                    phone=f"+1613555{rng.randrange(1000, 1040)}",
                    email=f"p{rng.randrange(30)}@example.com",
                )
    return made


def decided(seed: int, everybody: list[Profile]) -> list[tuple[str, str]]:
    """Pairs on which a person decided: some that share an email, and some that share nothing."""
    rng = random.Random(f"decided-{seed}")
    names = sorted(who for who, _ in everybody)
    by_email: dict[str, list[str]] = {}
    for who, fields in sorted(everybody, key=lambda profile: profile[0]):
        by_email.setdefault(fields.get("email") or "", []).append(who)
    sharing = [
        sorted(rng.sample(holders, 2)) for email, holders in sorted(by_email.items()) if email and len(holders) > 1
    ]
    return [(one, other) for one, other in rng.sample(sharing, 8)] + [
        (rng.choice(names), rng.choice(names)) for _ in range(4)
    ]


def _person(rng: random.Random, number: int) -> list[Profile]:
    """One person in some sources, now and then twice in one, each time as somebody else typed it."""
    base: dict[str, Any] = {
        "first_name": rng.choice(FIRST), "last_name": rng.choice(LAST),
        "birth_date": f"{rng.randrange(1960, 1964)}-{rng.randrange(1, 13):02}-{rng.randrange(1, 13):02}" if rng.random() < 0.6 else None,
        "phone": f"613 555 {rng.randrange(1000, 1000 + 40)}" if rng.random() < 0.7 else None,
        "email": f"p{rng.randrange(30)}@example.com" if rng.random() < 0.6 else None,
    }  # fmt: skip
    sources = rng.choice(
        (("shop", "till"), ("shop", "till"), ("ecom", "down"), ("shop", "till", "down"), ("till",), ("till", "till"))
    )
    made = [(f"{source}:{number * 3 + at}", _typed(rng, base)) for at, source in enumerate(sources)]
    for who, fields in made:
        _link(rng, who, fields, made)
    return made


def _typed(rng: random.Random, base: dict[str, Any]) -> dict[str, Any]:
    fields = dict(base)
    for name in base:
        if rng.random() < 0.08:
            fields[name] = None
    if fields["first_name"] and rng.random() < 0.3:
        fields["first_name"] = rng.choice((str.upper, str.lower, lambda s: unicodedata.normalize("NFD", s)))(
            fields["first_name"]
        )
    if rng.random() < 0.1:
        fields["first_name"] = rng.choice(FIRST)
    if fields["phone"] and rng.random() < 0.3:
        fields["phone"] = "+1 (" + fields["phone"][:3] + ") " + fields["phone"][4:].replace(" ", "-")
    if rng.random() < 0.05:
        fields["phone"] = rng.choice(("ask", "613 555 1001 or 613 555 1002", "613 555 1003 x2"))
    if fields["birth_date"] and rng.random() < 0.1:
        year, month, day = fields["birth_date"].split("-")
        fields["birth_date"] = rng.choice(
            (f"{year}-{day}-{month}", f"{month}/{day}/{year}", f"{year}{month}{day}", "1990-02-30")
        )
    if rng.random() < 0.06:
        fields["email_2"], fields["phone_2"] = (
            f"p{rng.randrange(30)}@example.com",
            f"613 555 {rng.randrange(1000, 1040)}",
        )
    if rng.random() < 0.05:
        fields["email"] = "NoEmail@shop.example.com"
    fields["status"] = rng.choice(STATUSES)
    fields["created_at"] = datetime(2020, 1, 1) + timedelta(days=rng.randrange(5)) if rng.random() < 0.8 else None
    fields["has_purchased"] = rng.choice((True, False, None))
    fields["email_consent"] = rng.choice(("in", "out", "unknown", None))
    fields["street"], fields["city"] = rng.choice((("1 Main St", "Ottawa"), ("2 Rue Côté", "Montréal"), (None, None)))
    fields["postal_code"], fields["country"] = rng.choice((("K1A 0B1", "CA"), (None, None)))
    fields["verified"], fields["last_seen_at"] = (
        rng.choice((True, False, None)),
        rng.choice((None, datetime(2026, 1, rng.randrange(1, 28)))),
    )
    return fields


def _link(rng: random.Random, who: str, fields: dict[str, Any], made: list[Profile]) -> None:
    """A shop stores the id of its till's profile, mostly the right one."""
    source, pos = who.split(":", maxsplit=1)[0], {"shop": "till", "ecom": "down"}
    if source not in pos or rng.random() < 0.5:
        return
    own = [other.split(":")[1] for other, _ in made if other.startswith(f"{pos[source]}:")]
    fields["links"] = {pos[source]: rng.choice([*own, *own, *own, str(rng.randrange(320))])}
