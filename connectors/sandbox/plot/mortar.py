"""What goes wrong between the Shopify shop and the Heartland till: one small function per story.

Each plays with one victim (or with somebody new) by the hands of clerks and shoppers, and returns the finding that must
follow, first, and every finding that cannot but follow with it.
"""

from connectors.sandbox.people import NO_ADDRESS
from connectors.sandbox.plot.stage import Programme, Stage, Trace, Traces, drift, links
from connectors.sandbox.world.ground import Resident

MORTAR = Programme("mortar")
UNREADABLE_PHONES = ("ask her sister", "613-555-0117 or 613-555-0118", "555-01")
"""No comparable number (G3): words, two numbers in one field, too few digits."""
PLACEHOLDER_SHARERS = 12
"""More clearly different people than the limit of ten (G5)."""


@MORTAR.story("review", times=1, opt_out_shop=1, update_shop=1)
def subscribed_again_in_the_storefront(stage: Stage) -> Traces:
    """G9a: who had opted out ticks the box in the shop, with its own time: a person judges that, nothing writes it on."""
    victim = stage.pick("linked", lambda resident: resident.person.email_consent == "out")
    stage.edit(victim, "shop", email_consent="in")
    return Trace("consent_raised", "email_consent", (victim.at("shop"),))


@MORTAR.story("corrected", update_shop=1)
def till_phone_changed(stage: Stage) -> Traces:
    """M7, G13: only the till's phone moved on, so the shop takes it."""
    victim = stage.pick("linked")
    stage.retype_phone(victim, "till", stage.new_phone(victim.person))
    return drift("phone", victim, "shop", "till")


@MORTAR.story("corrected", update_till=1)
def shop_email_changed(stage: Stage) -> Traces:
    """M7, G13: only the shop's email moved on."""
    victim = stage.pick("linked")
    stage.edit(victim, "shop", email=stage.new_email(victim.person))
    return drift("email", victim, "shop", "till")


@MORTAR.story("corrected", update_till=1)
def moved_house(stage: Stage) -> Traces:
    """M9: a new default address in the shop; the till takes the whole of it."""
    victim = stage.pick("linked")
    stage.edit(victim, "shop", **stage.new_address(victim.person))
    return drift("address", victim, "shop", "till")


@MORTAR.story("review", update_shop=1)
def married(stage: Stage) -> Traces:
    """M7: another surname at the till; names are suggested only."""
    victim = stage.pick("linked")
    stage.edit(victim, "till", last_name=stage.world.population.rare_surname())
    return drift("last_name", victim, "shop", "till")


@MORTAR.story("review", update_shop=1, update_till=1)
def phone_changed_on_both_sides(stage: Stage) -> Traces:
    """G13: both sides left the base, each its own way: a person picks."""
    victim = stage.pick("linked")
    stage.retype_phone(victim, "till", stage.new_phone(victim.person))
    stage.edit(victim, "shop", phone=stage.new_phone(victim.person))
    return drift("phone", victim, "shop", "till")


@MORTAR.story("review")
def second_profile_by_phone(stage: Stage) -> Traces:
    """M10: a clerk enters the customer anew, by nickname and with another email."""
    victim = stage.pick("linked", lambda resident: bool(resident.person.birth_date))
    known_as = victim.person.nickname or victim.person.first_name
    again = stage.same_again(victim.person, first_name=known_as, email=stage.new_email(victim.person))
    extra = stage.world.mortar.enter_till(again)
    return Trace("duplicate_phone", "phone", (victim.at("till"), f"till:{extra}"))


@MORTAR.story("review")
def second_profile_by_email(stage: Stage) -> Traces:
    """M10: entered anew with another phone."""
    victim = stage.pick("linked")
    extra = stage.world.mortar.enter_till(stage.same_again(victim.person, phone=stage.new_phone(victim.person)))
    return Trace("duplicate_email", "email", (victim.at("till"), f"till:{extra}"))


@MORTAR.story("corrected", update_shop=1, update_till=1)
def archived_and_entered_anew(stage: Stage) -> Traces:
    """M12: the link moves to the first active profile that matches. The archived one is out of play: no duplicate."""
    victim = stage.pick("linked")
    stage.world.mortar.till.archive(victim.ids["till"])
    stage.world.mortar.enter_till(stage.same_again(victim.person))
    return links("link_archived", victim, "shop", "till")


@MORTAR.story("corrected", update_shop=1, update_till=1)
def merged_away_at_the_till(stage: Stage) -> Traces:
    """M12: merged in the vendor's own screen, the linked id is gone and nothing points to the survivor."""
    victim = stage.pick("linked")
    survivor = stage.world.mortar.enter_till(stage.same_again(victim.person))
    stage.world.mortar.till.merge(victim.ids["till"], survivor)
    return links("link_deleted", victim, "shop", "till")


@MORTAR.story("corrected", times=1, create_till=1, update_shop=1)
def archived_for_good(stage: Stage) -> Traces:
    """M12: archived, and no other profile matches: a new one is made of the shop's complete data."""
    victim = stage.pick("linked")
    stage.world.mortar.till.archive(victim.ids["till"])
    return links("link_archived", victim, "shop", "till")


@MORTAR.story("corrected", update_shop=1, update_till=1)
def till_customer_bought_online(stage: Stage) -> Traces:
    """M1, M2: known at the till with the same email and name, new in the shop with orders."""
    victim = stage.pick("till_only", lambda resident: _complete_at_the_till(stage, resident))
    customer = stage.world.mortar.enter_shop(stage.same_again(victim.person), orders=2)
    return Trace("link_missing", "", (f"shop:{customer}", victim.at("till")))


@MORTAR.story("corrected", times=1, create_till=1, update_shop=1)
def stranger_bought_online(stage: Stage) -> Traces:
    """M1, M6: new in the shop with orders and complete data, unknown at the till."""
    customer = stage.world.mortar.enter_shop(stage.newcomer("CA"), orders=1)
    return Trace("link_missing", "", (f"shop:{customer}",))


@MORTAR.story("review")
def nobody_s_name_at_the_till(stage: Stage) -> Traces:
    """G6: the till has the customer's contact data and no name; whether it is the same person only a person can say."""
    person = stage.newcomer("CA")
    nameless = stage.same_again(person, first_name="?", last_name="N/A", birth_date=None)
    till = stage.world.mortar.enter_till(nameless)
    customer = stage.world.mortar.enter_shop(person, orders=1)
    return Trace("link_ambiguous", "", (f"shop:{customer}", f"till:{till}"))


@MORTAR.story("review")
def stranger_without_address(stage: Stage) -> Traces:
    """M8: Heartland takes nobody without a complete address."""
    customer = stage.world.mortar.enter_shop(stage.newcomer("CA"), orders=1, **NO_ADDRESS)
    return Trace("vendor_cannot_create", "", (f"shop:{customer}",))


@MORTAR.story("review")
def address_lost_on_both_sides(stage: Stage) -> Traces:
    """M8: nothing to compare, so no drift, but the next order's invoice will fail."""
    victim = stage.pick("linked")
    for source in ("shop", "till"):
        stage.edit(victim, source, **NO_ADDRESS)
    return links("next_order_blocked", victim, "shop", "till")


@MORTAR.story("review")
def relative_at_the_till(stage: Stage) -> Traces:
    """G6: a relative gives the customer's number; the household is all who hold it, in every source."""
    victim = stage.pick("linked", both_halves=True)
    newcomer = stage.world.mortar.enter_till(stage.relative(victim.person))
    return Trace("household", "phone", (*stage.world.holding(victim, "phone"), f"till:{newcomer}"))


@MORTAR.story("review", times=1)
def one_number_for_everybody(stage: Stage) -> Traces:
    """G5, C4: clerks type one number for people who give none."""
    population, names, members = stage.world.population, list[str](), list[str]()
    number = population.phone("CA", rare=True)
    for _ in range(PLACEHOLDER_SHARERS):
        person = population.stranger("CA", names)
        names.append(person.first_name)
        members.append(f"till:{stage.world.mortar.enter_till(stage.same_again(person, phone=number))}")
    return Trace("placeholder", "phone", tuple(members))


@MORTAR.story("review")
def phone_in_words(stage: Stage) -> Traces:
    """G3: a phone field that holds something else."""
    text = UNREADABLE_PHONES[stage.played("phone_in_words") % len(UNREADABLE_PHONES)]
    person = stage.newcomer("CA")
    profile = stage.world.mortar.enter_till(stage.same_again(person, phone=None), phone_raw=text)
    return Trace("phone_not_comparable", "phone", (f"till:{profile}",))


@MORTAR.story("corrected", opt_out_till=1, update_till=1)
def unsubscribed_in_the_shop(stage: Stage) -> Traces:
    """G9: the opt-out is carried to the till, which still says opted in."""
    victim = stage.pick("linked", lambda resident: resident.person.email_consent == "in")
    stage.edit(victim, "shop", email_consent="out")
    return Trace("consent_conflict", "email_consent", (victim.at("shop"), victim.at("till")))


@MORTAR.story("review", update_shop=1)
def took_over_a_number(stage: Stage) -> Traces:
    """C3: one customer's till phone becomes a number that another holds in the shop, where phones are unique."""
    mover = stage.pick("linked")
    holder = stage.pick("linked", lambda other: stage.apart(mover, other))
    stage.retype_phone(mover, "till", holder.person.phone or "")
    return (
        Trace("contact_taken", "phone", (mover.at("shop"), holder.at("shop"))),
        drift("phone", mover, "shop", "till"),
        Trace("household", "phone", (holder.at("shop"), mover.at("till"), holder.at("till"))),
    )


@MORTAR.story("review", times=1)
def default_customer_without_phone(stage: Stage) -> Traces:
    """M14: the stand-in must have a name, an email, a phone and an address."""
    stage.world.mortar.shop.edit(stage.world.mortar.default_customer, {"phone": None})
    return Trace("default_customer", "", (f"shop:{stage.world.mortar.default_customer}",))


def _complete_at_the_till(stage: Stage, resident: Resident) -> bool:
    known = stage.world.mortar.till.read(resident.ids["till"])
    return all(known[name] for name in ("email", "phone", "street"))
