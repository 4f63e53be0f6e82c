"""What goes wrong between the second Shopify shop and the R-Series register, and what only seems to: one small function
per story."""

from connectors.sandbox.people import NO_ADDRESS
from connectors.sandbox.plot.stage import Programme, Stage, Trace, Traces, drift, links

OUTLET = Programme("outlet")


@OUTLET.story("corrected", opt_out_register=1, update_register=1)
def unsubscribed_from_texts(stage: Stage) -> Traces:
    """G9, M11: R-Series keeps a choice for SMS too."""
    victim = stage.pick("regular", lambda resident: resident.person.sms_consent == "in")
    stage.edit(victim, "outlet", sms_consent="out")
    return Trace("consent_conflict", "sms_consent", (victim.at("outlet"), victim.at("register")))


@OUTLET.story("corrected", opt_out_register=1, update_register=1)
def unsubscribed_from_email(stage: Stage) -> Traces:
    """G9, M11: the opt-out is carried to the register, which still says opted in."""
    victim = stage.pick("regular", lambda resident: resident.person.email_consent == "in")
    stage.edit(victim, "outlet", email_consent="out")
    return Trace("consent_conflict", "email_consent", (victim.at("outlet"), victim.at("register")))


@OUTLET.story("nothing")
def flags_ticked_at_the_register(stage: Stage) -> None:
    """G9: a no-contact flag is also the creation default, so by itself it opts nobody out in the shop."""
    victim = stage.pick("regular", lambda resident: resident.person.email_consent == "in")
    stage.edit(victim, "register", email_consent="out")


@OUTLET.story("corrected", update_outlet=1)
def register_phone_changed(stage: Stage) -> Traces:
    """M7, G13: only the register's home number moved on, so the shop takes it."""
    victim = stage.pick("regular")
    stage.retype_phone(victim, "register", stage.new_phone(victim.person))
    return drift("phone", victim, "outlet", "register")


@OUTLET.story("corrected", update_register=1)
def outlet_phone_changed(stage: Stage) -> Traces:
    """M7, G13: only the shop's phone moved on."""
    victim = stage.pick("regular")
    stage.edit(victim, "outlet", phone=stage.new_phone(victim.person))
    return drift("phone", victim, "outlet", "register")


@OUTLET.story("corrected", update_outlet=1)
def register_email_changed(stage: Stage) -> Traces:
    """M7, G13: only the register's email moved on."""
    victim = stage.pick("regular")
    stage.edit(victim, "register", email=stage.new_email(victim.person))
    return drift("email", victim, "outlet", "register")


@OUTLET.story("corrected", update_register=1)
def outlet_email_changed(stage: Stage) -> Traces:
    """M7, G13: only the shop's email moved on."""
    victim = stage.pick("regular")
    stage.edit(victim, "outlet", email=stage.new_email(victim.person))
    return drift("email", victim, "outlet", "register")


@OUTLET.story("corrected", update_outlet=1)
def moved_house_at_the_register(stage: Stage) -> Traces:
    """M9: a new address at the register; the shop's default address takes the whole of it."""
    victim = stage.pick("regular", lambda resident: _has_address(stage, resident.ids["register"]))
    stage.edit(victim, "register", **stage.new_address(victim.person))
    return drift("address", victim, "outlet", "register")


@OUTLET.story("corrected", update_register=1)
def moved_house_online(stage: Stage) -> Traces:
    """M9: a new default address in the shop; the register takes the whole of it."""
    victim = stage.pick("regular", lambda resident: _has_address(stage, resident.ids["register"]))
    stage.edit(victim, "outlet", **stage.new_address(victim.person))
    return drift("address", victim, "outlet", "register")


@OUTLET.story("corrected", update_outlet=1, update_register=1)
def archived_and_entered_anew_at_the_register(stage: Stage) -> Traces:
    """M12: the link moves to the first active profile that matches."""
    victim = stage.pick("regular", lambda resident: _has_address(stage, resident.ids["register"]))
    stage.world.outlet.register.archive(victim.ids["register"])
    stage.world.outlet.enter_register(stage.same_again(victim.person))
    return links("link_archived", victim, "outlet", "register")


@OUTLET.story("corrected", update_outlet=1, update_register=1)
def merged_away_at_the_register(stage: Stage) -> Traces:
    """M12: the vendor's merge archives the linked profile, and nothing points to the survivor."""
    victim = stage.pick("regular", lambda resident: _has_address(stage, resident.ids["register"]))
    survivor = stage.world.outlet.enter_register(stage.same_again(victim.person))
    stage.world.outlet.register.merge(victim.ids["register"], survivor)
    return links("link_archived", victim, "outlet", "register")


@OUTLET.story("corrected", times=1, create_register=1, update_outlet=1)
def archived_at_the_register_for_good(stage: Stage) -> Traces:
    """M6, M12: archived, and no other profile matches: a new one is made of the shop's data."""
    victim = stage.pick("regular")
    stage.world.outlet.register.archive(victim.ids["register"])
    return links("link_archived", victim, "outlet", "register")


@OUTLET.story("nothing")
def archived_and_restored(stage: Stage) -> None:
    """M13: a restored profile is taken back, the earlier link is good again."""
    victim = stage.pick("regular")
    stage.world.outlet.register.archive(victim.ids["register"])
    stage.world.outlet.register.restore(victim.ids["register"])


@OUTLET.story("review")
def archived_entered_anew_and_restored(stage: Stage) -> Traces:
    """M13: the earlier link is good again and does not flip; there are two profiles now."""
    victim = stage.pick("regular")
    stage.world.outlet.register.archive(victim.ids["register"])
    extra = stage.world.outlet.enter_register(stage.same_again(victim.person))
    stage.world.outlet.register.restore(victim.ids["register"])
    both = (victim.at("register"), f"register:{extra}")
    return Trace("duplicate_email", "email", both), Trace("duplicate_phone", "phone", both)


@OUTLET.story("review")
def second_profile_at_the_register(stage: Stage) -> Traces:
    """M10: a clerk enters the customer anew, with another email."""
    victim = stage.pick("regular")
    extra = stage.world.outlet.enter_register(
        stage.same_again(victim.person, email=stage.new_email(victim.person)), **NO_ADDRESS
    )
    return Trace("duplicate_phone", "phone", (victim.at("register"), f"register:{extra}"))


@OUTLET.story("corrected", update_outlet=1, update_register=1)
def register_customer_bought_online(stage: Stage) -> Traces:
    """M1, M2: known at the register with the same email and name, new in the shop with orders."""
    victim = stage.pick("register_only", lambda resident: _has_address(stage, resident.ids["register"], "email"))
    customer = stage.world.outlet.enter_outlet(stage.same_again(victim.person), orders=2)
    return Trace("link_missing", "", (f"outlet:{customer}", victim.at("register")))


@OUTLET.story("corrected", times=1, create_register=1, update_outlet=1)
def stranger_bought_at_the_outlet(stage: Stage) -> Traces:
    """M1, M6: new in the shop with orders and unknown at the register, which asks for no address (M8 is Heartland's)."""
    customer = stage.world.outlet.enter_outlet(stage.newcomer("CA"), orders=1, **NO_ADDRESS)
    return Trace("link_missing", "", (f"outlet:{customer}",))


@OUTLET.story("nothing")
def registered_without_buying(stage: Stage) -> None:
    """M1: a shop customer without an order is pending, not wrong."""
    stage.world.outlet.enter_outlet(stage.newcomer("CA"))


@OUTLET.story("review")
def relative_at_the_register(stage: Stage) -> Traces:
    """G6: a relative gives the customer's number; the household is all who hold it, in every source."""
    victim = stage.pick("regular", both_halves=True)
    newcomer = stage.world.outlet.enter_register(stage.relative(victim.person))
    return Trace("household", "phone", (*stage.world.holding(victim, "phone"), f"register:{newcomer}"))


@OUTLET.story("review")
def words_at_the_register(stage: Stage) -> Traces:
    """G3: a phone field that holds something else."""
    person = stage.same_again(stage.newcomer("CA"), phone=None)
    profile = stage.world.outlet.enter_register(person, phone_raw="ask at the desk")
    return Trace("phone_not_comparable", "phone", (f"register:{profile}",))


def _has_address(stage: Stage, register_id: str, *more: str) -> bool:
    known = stage.world.outlet.register.read(register_id)
    return all(known[name] for name in ("street", *more))
