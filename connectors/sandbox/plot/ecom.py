"""What goes wrong between Mission Control and its Treez stores: one small function per story; Greenline's are apart."""

from connectors.sandbox.plot.stage import Programme, Stage, Trace, Traces, drift, links

ECOM = Programme("blaze")
LONG_AGO = "2009-05-01T10:00:00+00:00"
"""Before any other profile."""


@ECOM.story("review", update_downtown=1)
def email_changed_downtown(stage: Stage) -> Traces:
    """T6: a change made in Treez reaches nobody."""
    victim = stage.pick("signed_up")
    stage.edit(victim, "downtown", email=stage.new_email(victim.person))
    return drift("email", victim, "ecom", "downtown")


@ECOM.story("review", update_uptown=1)
def uptown_missed_the_push(stage: Stage) -> Traces:
    """C1, C2: changed in Mission Control; the other stores got it, uptown did not."""
    victim = stage.pick("signed_up")
    stage.world.blaze.ecom.miss_push("s-uptown")
    stage.edit(victim, "ecom", phone=stage.new_phone(victim.person))
    return drift("phone", victim, "ecom", "uptown")


@ECOM.story("review")
def deactivated_downtown(stage: Stage) -> Traces:
    """T3: deactivated, so the customer is inactive between ECOM and Treez: a person renews it."""
    victim = stage.pick("signed_up")
    stage.world.blaze.treez["downtown"].archive(victim.ids["downtown"])
    return links("link_archived", victim, "ecom", "downtown")


@ECOM.story("review")
def merged_away_downtown(stage: Stage) -> Traces:
    """T3, T10: folded the wrong way round, into the profile that ECOM does not know."""
    victim = stage.pick("signed_up")
    survivor = stage.world.blaze.enter_store("downtown", stage.same_again(victim.person))
    stage.world.blaze.treez["downtown"].merge(victim.ids["downtown"], survivor)
    return links("link_merged", victim, "ecom", "downtown")


@ECOM.story("corrected", create_uptown=1)
def signed_up_by_half(stage: Stage) -> Traces:
    """T2: ECOM made a profile everywhere but uptown."""
    person = stage.newcomer("US")
    customer = stage.world.blaze.enter_ecom(person, stage.world.blaze.enter_everywhere(person, but="uptown"))
    return Trace("missing_in_store", "uptown", (f"ecom:{customer}",))


@ECOM.story("corrected", update_downtown=1)
def marker_wiped(stage: Stage) -> Traces:
    """T8: staff overwrote the marker with a note of their own."""
    victim = stage.pick("signed_up")
    stage.edit(victim, "downtown", note="Asks for paper receipts.")
    return Trace("note_missing", "note", (victim.at("ecom"), victim.at("downtown")))


@ECOM.story("corrected", update_downtown=1)
def old_duplicate_downtown(stage: Stage) -> Traces:
    """T9, T10: a second profile of the same person and number, folded into ECOM's once a person approves that merge."""
    victim = stage.pick("signed_up")
    again = stage.same_again(victim.person, email=stage.new_email(victim.person))
    extra = stage.world.blaze.enter_store("downtown", again)
    return Trace("duplicate_phone", "phone", (victim.at("downtown"), f"downtown:{extra}"))


@ECOM.story("review", times=2)
def signed_up_again(stage: Stage) -> Traces:
    """T7: email and phone cannot be changed in the shop, so the customer makes a second account with new ones."""
    victim = stage.pick("signed_up")
    changed = {"email": stage.new_email(victim.person), "phone": stage.new_phone(victim.person)}
    person = stage.same_again(victim.person, **changed)
    again = stage.world.blaze.enter_ecom(person, stage.world.blaze.enter_everywhere(person))
    return Trace("signed_up_again", "", (victim.at("ecom"), f"ecom:{again}"))


@ECOM.story("review", update_downtown=1)
def known_to_the_kiosk_by_another_profile(stage: Stage) -> Traces:
    """W1: ECOM goes by the id that it stores, kiosks by email, where an older profile stands first."""
    victim = stage.pick("signed_up")
    again = stage.same_again(victim.person, phone=stage.new_phone(victim.person))
    extra = stage.world.blaze.enter_store("downtown", again, created_at=LONG_AGO)
    both = (victim.at("downtown"), f"downtown:{extra}")
    return (
        Trace("whose_customer", "", (victim.at("ecom"), *both)),
        Trace("duplicate_email", "email", both),
    )


@ECOM.story("review")
def no_phone_to_log_in(stage: Stage) -> Traces:
    """P1: an account without a phone cannot be helped."""
    profile = stage.world.blaze.enter_store("uptown", stage.newcomer("US"), phone=None)
    return Trace("login_blocked", "phone", (f"uptown:{profile}",))


@ECOM.story("review")
def relative_downtown(stage: Stage) -> Traces:
    """G6, T9: a relative with the same number is a household, never merged."""
    victim = stage.pick("signed_up", both_halves=True)
    newcomer = stage.world.blaze.enter_store("downtown", stage.relative(victim.person))
    return Trace("household", "phone", (*stage.world.holding(victim, "phone"), f"downtown:{newcomer}"))
