"""The rules in a sentence each, for people who meet an id such as T4 in a report; docs/rules.md is the page of them."""

import re
from collections.abc import Iterable

RULES: dict[str, str] = {
    "G1": "Only a full export with a certificate of completeness counts; nothing is concluded from absence elsewhere.",
    "G1a": "Corrections need snapshots of both sides that were taken close together.",
    "G2": "An export that shrank beyond the limit is certified only when an operator says so; an empty one never is.",
    "G2a": "A profile is called gone only after it was asked for by its id.",
    "G3": "Phone numbers compare as E.164; one that cannot be read for certain is a finding, not a guess.",
    "G4": "Emails compare trimmed and without regard to case.",
    "G5": "A placeholder such as 0000000000 or noemail@… never matches anything.",
    "G6": "A shared phone or email is not enough where first names or birth dates are clearly different.",
    "G7": "The same exports give the same result, and an entity keeps its id from night to night.",
    "G8": "Every match says why, and every profile without one can be asked why not.",
    "G9": "The strongest refusal of marketing wins, per channel; empty, missing and unknown never become an opt-in.",
    "G9a": "An opt-in is never written unless a person approved it for that customer.",
    "G9b": "A channel that a system does not know is left alone, and consent is read back after each run.",
    "G10": "A customer who was erased on request stays erased.",
    "G11": "Passwords, identity documents and medical fields are never requested and never kept; balances are shown, "
    "never written.",
    "G12": "A phone or email that is the login changes only with a person's approval and a verified identity.",
    "G13": "The side that differs from the value on which both last agreed has changed; a blank erases nothing.",
    "G14": "Creating, merging, archiving and anything irreversible is never unattended; a new pairing only observes for its "
    "first seven certified nights.",
    "T1": "A customer of one store of the group is a customer of every store, with one login.",
    "T2": "An ECOM customer has a profile in each Treez store of the group.",
    "T3": "A profile that ECOM relies on may not be deleted or archived: the customer becomes inactive.",
    "T4": "ECOM finds an existing Treez customer by phone number.",
    "T5": "Where the phone matches at sign-up and the email differs, Treez takes ECOM's email.",
    "T6": "Contact data changed in Treez after sign-up does not reach ECOM.",
    "T7": "A customer cannot change email or phone in the shop; signing up again makes a second account.",
    "T8": "A Treez profile made by ECOM carries the note that it is linked and must not be deleted.",
    "T9": "Before go-live each phone number is on one Treez profile only.",
    "T10": "After go-live the profile associated with ECOM survives, and the other is merged into it.",
    "C1": "Email and phone of a linked customer are changed in Mission Control and flow one way to the POS.",
    "C2": "A change reaches every Treez store of the group and Greenline; each is verified separately.",
    "C3": "A value that another profile holds is refused by the vendor, so it is foreseen here.",
    "C4": "First the value is freed on the profile that should not have it, then the change goes through.",
    "C5": "The vendor's own action log is where a change is confirmed.",
    "X1": "Groups, email and the marketing preference are the same in both systems.",
    "X2": "Groups match by exactly the same name.",
    "X3": "A customer belongs to one group only.",
    "X4": "A customer of one system only is pending until a purchase or a login, not wrong.",
    "X5": "The most recent change of the email wins, wherever it was made.",
    "P0": "These rules hold where customers log in to Treez's own shop.",
    "P1": "A login needs one phone number that can be dialled and is on one profile only.",
    "P2": "Staff verify identity before a login is reset.",
    "P3": "Before go-live, each store is told how many customers are ready for a first password and who is not.",
    "M1": "Customers flow to the POS on orders, refunds and edits; those without are pending, not wrong.",
    "M2": "The first key of the configured order that finds a profile decides.",
    "M3": "Where no key agrees it is a different customer.",
    "M4": "Phones compare by their digits.",
    "M5": "Of several profiles that match, the first is linked: active, then oldest, then lowest id.",
    "M6": "What a new POS profile is given, field by field.",
    "M7": "On drift the most recent change wins; names are only suggested.",
    "M8": "Heartland takes a customer only with an email and a complete physical address.",
    "M9": "The default address goes to the POS profile; its shipping address is left alone.",
    "M10": "Duplicates are made unique, archived or merged, since Shopify wants a unique email or phone.",
    "M11": "Which marketing channels each system keeps.",
    "M12": "A link to an archived or deleted profile is made anew: to the first that matches, else to a new one.",
    "M13": "A restored profile takes its earlier link back, unless the customer was linked elsewhere meanwhile.",
    "M14": "The default customer must exist and be complete, and stands for nobody.",
    "M15": "A privacy request is followed into every source, with its date and what is left to do by hand.",
    "W1": "Two systems that look up the same customer must find the same profile.",
    "W2": "A plan is proven to settle before it is applied.",
}


def text(rule_id: str) -> str:
    """The rule in a sentence; '' for an id that is not known here."""
    return RULES.get(rule_id, "")


def named(text: str) -> list[str]:
    """The rules that a text names, each once, in the order of the list above."""
    words = set(_ID.findall(text))
    return [rule for rule in RULES if rule in words]


def sentences(rule_ids: Iterable[str]) -> list[str]:
    """`T4: what it says`, one line each; ids that are not known here are left out."""
    return [f"{rule}: {RULES[rule]}" for rule in rule_ids if rule in RULES]


_ID = re.compile(r"(?<![\w:])[GTCXPMW]\d{1,2}[ab]?\b")
