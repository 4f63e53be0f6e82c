"""What goes wrong between the Ecwid shop and the X-Series counter, and what only seems to: one small function per story."""

from connectors.sandbox.plot.stage import Programme, Stage, Trace, Traces, drift, links

LIGHTSPEED = Programme("lightspeed")


@LIGHTSPEED.story("corrected", opt_out_counter=1, update_counter=1, opt_out_web=1, update_web=1)
def subscribed_again_by_a_sync(stage: Stage) -> Traces:
    """G9b: opted out in both systems, and a sync sets both back; nobody decided that."""
    victim = stage.pick("synced", lambda resident: resident.person.email_consent == "out")
    for source in ("web", "counter"):
        stage.edit(victim, source, email_consent="in")
    return (
        Trace("consent_raised", "email_consent", (victim.at("counter"),)),
        Trace("consent_raised", "email_consent", (victim.at("web"),)),
    )


@LIGHTSPEED.story("corrected", update_web=1)
def email_changed_at_the_counter(stage: Stage) -> Traces:
    """X5, G13: only the counter's email moved on; the two are still one customer by their phone."""
    victim = stage.pick("synced")
    stage.edit(victim, "counter", email=stage.new_email(victim.person))
    return drift("email", victim, "web", "counter")


@LIGHTSPEED.story("corrected", update_counter=1)
def email_changed_in_the_storefront(stage: Stage) -> Traces:
    """X5, G13: the customer gave another email in the shop."""
    victim = stage.pick("synced")
    stage.edit(victim, "web", email=stage.new_email(victim.person))
    return drift("email", victim, "web", "counter")


@LIGHTSPEED.story("review", update_web=1, update_counter=1)
def email_changed_in_both(stage: Stage) -> Traces:
    """X5, G13: both sides left the base, each its own way: a person picks."""
    victim = stage.pick("synced")
    for source in ("web", "counter"):
        stage.edit(victim, source, email=stage.new_email(victim.person))
    return drift("email", victim, "web", "counter")


@LIGHTSPEED.story("review", update_web=1)
def phone_changed_at_the_counter(stage: Stage) -> Traces:
    """X1 keeps nothing but the email alike: a phone is suggested."""
    victim = stage.pick("synced")
    stage.retype_phone(victim, "counter", stage.new_phone(victim.person))
    return drift("phone", victim, "web", "counter")


@LIGHTSPEED.story("corrected", opt_out_counter=1, update_counter=1)
def unsubscribed_on_the_web(stage: Stage) -> Traces:
    """X1, G9: carried to the counter, where an unticked box means yes."""
    victim = stage.pick("synced", lambda resident: resident.person.email_consent == "in")
    stage.edit(victim, "web", email_consent="out")
    return Trace("consent_conflict", "email_consent", (victim.at("web"), victim.at("counter")))


@LIGHTSPEED.story("corrected", opt_out_web=1, update_web=1)
def unsubscribed_at_the_counter(stage: Stage) -> Traces:
    """X1, G9: ticked `do not email` by a clerk."""
    victim = stage.pick("synced", lambda resident: resident.person.email_consent == "in")
    stage.edit(victim, "counter", email_consent="out")
    return Trace("consent_conflict", "email_consent", (victim.at("web"), victim.at("counter")))


@LIGHTSPEED.story("review")
def deleted_at_the_counter(stage: Stage) -> Traces:
    """M12, M13, X4: a deleted X-Series customer never comes back, and the shop's one has bought: the link is missing."""
    victim = stage.pick("synced")
    stage.world.lightspeed.counter.delete(victim.ids["counter"])
    return links("link_missing", victim, "web")


@LIGHTSPEED.story("nothing")
def deleted_and_entered_anew(stage: Stage) -> None:
    """X1: no id is stored, so who was deleted and entered anew with the same contacts is found by email."""
    victim = stage.pick("synced")
    stage.world.lightspeed.counter.delete(victim.ids["counter"])
    group = stage.world.lightspeed.web.read(victim.ids["web"])["group"]
    stage.world.lightspeed.enter_counter(stage.same_again(victim.person), group=group)


@LIGHTSPEED.story("review")
def order_that_was_never_synced(stage: Stage) -> Traces:
    """X4: an old order of somebody who only browsed comes to light; the vendor had more than its day."""
    victim = stage.pick("browsing")
    stage.edit(victim, "web", orders=1)
    return links("link_missing", victim, "web")


@LIGHTSPEED.story("review")
def moved_to_different_groups(stage: Stage) -> Traces:
    """X3: trade price in the shop, gold at the counter; a customer is in one group, and a person says which."""
    victim = stage.pick("synced")
    stage.edit(victim, "web", group="Trade")
    stage.edit(victim, "counter", group="Gold")
    return Trace("group_conflict", "group", (victim.at("web"), victim.at("counter")))


@LIGHTSPEED.story("review", update_web=1)
def put_into_a_group_at_the_counter(stage: Stage) -> Traces:
    """X1: the group did not reach the shop."""
    victim = stage.pick("synced", stage.world.lightspeed.in_no_group)
    stage.edit(victim, "counter", group="Gold")
    return Trace("group_conflict", "group", (victim.at("web"), victim.at("counter")))


@LIGHTSPEED.story("review", times=1)
def group_spelled_otherwise_at_the_counter(stage: Stage) -> Traces:
    """X2: a manager retypes the title of a group; its customers are still in it."""
    stage.world.lightspeed.counter.rename_group("Trade", "TRADE ")
    return Trace("group_name", "group", ())


@LIGHTSPEED.story("nothing")
def walked_in(stage: Stage) -> None:
    """X4: new at the counter alone is pending until the first online order."""
    stage.world.lightspeed.enter_counter(stage.newcomer("CA"))


@LIGHTSPEED.story("nothing")
def signed_up_without_buying(stage: Stage) -> None:
    """X4: new in the shop alone is pending until the first purchase."""
    stage.world.lightspeed.enter_web(stage.newcomer("CA"))


@LIGHTSPEED.story("nothing")
def moved_house_on_the_web(stage: Stage) -> None:
    """X1: addresses are not kept alike."""
    victim = stage.pick("synced")
    stage.edit(victim, "web", **stage.new_address(victim.person))


@LIGHTSPEED.story("review")
def second_profile_at_the_counter(stage: Stage) -> Traces:
    """M5, M10: entered anew with the same email; the first profile stays the customer's."""
    victim = stage.pick("synced")
    again = stage.same_again(victim.person, phone=stage.new_phone(victim.person))
    extra = stage.world.lightspeed.enter_counter(again)
    return Trace("duplicate_email", "email", (victim.at("counter"), f"counter:{extra}"))


@LIGHTSPEED.story("review")
def relative_at_the_counter(stage: Stage) -> Traces:
    """G6: a relative gives the customer's number; the household is all who hold it, in every source."""
    victim = stage.pick("synced", both_halves=True)
    newcomer = stage.world.lightspeed.enter_counter(stage.relative(victim.person))
    return Trace("household", "phone", (*stage.world.holding(victim, "phone"), f"counter:{newcomer}"))


@LIGHTSPEED.story("review", update_web=1)
def took_over_an_email(stage: Stage) -> Traces:
    """C3: one customer's email at the counter becomes that of another, which Ecwid takes once only."""
    mover = stage.pick("synced")
    holder = stage.pick("synced", lambda other: stage.apart(mover, other))
    stage.edit(mover, "counter", email=holder.person.email)
    return (
        Trace("contact_taken", "email", (mover.at("web"), holder.at("web"))),
        drift("email", mover, "web", "counter"),
        Trace("household", "email", (holder.at("web"), holder.at("counter"), mover.at("counter"))),
    )


@LIGHTSPEED.story("review")
def two_numbers_at_the_counter(stage: Stage) -> Traces:
    """G3: two numbers in one field are none."""
    person = stage.same_again(stage.newcomer("CA"), phone=None)
    profile = stage.world.lightspeed.enter_counter(person, phone_raw="613-555-0117 or 613-555-0118")
    return Trace("phone_not_comparable", "phone", (f"counter:{profile}",))
