"""What goes wrong between Mission Control and its Greenline store, and what only seems to: one small function per story."""

from connectors.sandbox.plot.stage import Programme, Stage, Trace, Traces, drift, links
from connectors.sandbox.world.ground import LICENCE_SENTINEL

GREENLINE = Programme("blaze")
NEW_FIELD = "licenceNumber"


@GREENLINE.story("review", update_midtown=1)
def email_changed_midtown(stage: Stage) -> Traces:
    """T6, C1: a change made at the till reaches nobody; the till's may be the right one, so a person picks."""
    victim = stage.pick("signed_up")
    stage.edit(victim, "midtown", email=stage.new_email(victim.person))
    return drift("email", victim, "ecom", "midtown")


@GREENLINE.story("review", update_midtown=1)
def midtown_missed_the_push(stage: Stage) -> Traces:
    """C1, C2: changed in Mission Control; both Treez stores got it, Greenline did not."""
    victim = stage.pick("signed_up")
    stage.world.blaze.ecom.miss_push("s-midtown")
    stage.edit(victim, "ecom", phone=stage.new_phone(victim.person))
    return drift("phone", victim, "ecom", "midtown")


@GREENLINE.story("nothing")
def changed_everywhere(stage: Stage) -> None:
    """C2: changed in Mission Control, and every store of either vendor took it, in its own spelling."""
    victim = stage.pick("signed_up")
    stage.edit(victim, "ecom", email=stage.new_email(victim.person), phone=stage.new_phone(victim.person))


@GREENLINE.story("review")
def archived_midtown(stage: Stage) -> Traces:
    """T3, M12: archived at the till, so the customer is inactive between ECOM and Greenline: a person renews it."""
    victim = stage.pick("signed_up")
    stage.world.blaze.midtown.archive(victim.ids["midtown"])
    return links("link_archived", victim, "ecom", "midtown")


@GREENLINE.story("nothing")
def archived_midtown_and_restored(stage: Stage) -> None:
    """M13: archived by mistake and restored the same day."""
    victim = stage.pick("signed_up")
    stage.world.blaze.midtown.archive(victim.ids["midtown"])
    stage.world.blaze.midtown.restore(victim.ids["midtown"])


@GREENLINE.story("corrected", times=2, create_midtown=1)
def never_reached_midtown(stage: Stage) -> Traces:
    """T2: ECOM made a profile in both Treez stores and none in Greenline."""
    person = stage.newcomer("US")
    customer = stage.world.blaze.enter_ecom(person, stage.world.blaze.enter_everywhere(person, but="midtown"))
    return Trace("missing_in_store", "midtown", (f"ecom:{customer}",))


@GREENLINE.story("review")
def entered_twice_midtown(stage: Stage) -> Traces:
    """T9, C3: a clerk enters the customer anew; it blocks the next change of the number in Mission Control."""
    victim = stage.pick("signed_up")
    again = stage.same_again(victim.person, email=stage.new_email(victim.person))
    extra = stage.world.blaze.enter_midtown(again)
    return Trace("duplicate_phone", "phone", (victim.at("midtown"), f"midtown:{extra}"))


@GREENLINE.story("review")
def relative_midtown(stage: Stage) -> Traces:
    """G6: a relative with the same number is a household, never merged."""
    victim = stage.pick("signed_up", both_halves=True)
    newcomer = stage.world.blaze.enter_midtown(stage.relative(victim.person))
    return Trace("household", "phone", (*stage.world.holding(victim, "phone"), f"midtown:{newcomer}"))


@GREENLINE.story("corrected", opt_out_midtown=1, update_midtown=1)
def unsubscribed_in_mission_control(stage: Stage) -> Traces:
    """G9: the opt-out is carried to the store, which still says opted in."""
    victim = stage.pick("signed_up", lambda resident: resident.person.email_consent == "in")
    stage.edit(victim, "ecom", email_consent="out")
    return Trace("consent_conflict", "email_consent", (victim.at("ecom"), victim.at("midtown")))


@GREENLINE.story("nothing")
def note_wiped_midtown(stage: Stage) -> None:
    """T8 speaks of Treez: whether ECOM leaves a note in Greenline is not public."""
    stage.edit(stage.pick("signed_up"), "midtown", note="Asks for paper receipts.")


@GREENLINE.story("review", times=1)
def greenline_sends_licences(stage: Stage) -> Traces:
    """G11: from one day to the next the vendor sends a field that nobody asked for; its name is all that is kept."""
    for row in stage.world.blaze.midtown.records.rows.values():
        row[NEW_FIELD] = LICENCE_SENTINEL
    return Trace("schema_drift", NEW_FIELD, ())
