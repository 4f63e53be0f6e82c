"""What the vendors' own export files look like: one table per kind, read by `connectors.files`.

The one place for what is assumed of files. Graded: *documented* headings are named by the vendor's own pages; *assumed*
ones follow the words of its API or back office. A file that is headed otherwise is mapped by `columns:` and `words:` of
its source. Whatever a file says in other words than these stays as it is, and reads as unknown or active.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

DateOrder = Literal["ymd", "mdy", "dmy"]
TICKS = (("true", "false"), ("yes", "no"), ("y", "n"), ("1", "0"), ("on", "off"))
"""How programs write a ticked and an unticked box."""


def _ticks(ticked: str, unticked: str) -> dict[str, str]:
    return {word: meaning for pair in TICKS for word, meaning in zip(pair, (ticked, unticked), strict=True)}


@dataclass(frozen=True, slots=True)
class Format:
    """One vendor's file. Columns are named as in `connectors.files.CANONICAL`."""

    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Canonical column: the headings it is known under; the first that is there is read."""
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Canonical column: what a cell (in lower case) means. Consent stands here with its polarity (G9)."""
    blanks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Canonical column, or `*` for all: cells that stand for nothing."""
    outs: Mapping[str, str | bool] = field(default_factory=dict)
    """Consent column: what says no when it is written: a word, or whether the box is ticked."""
    unread: tuple[str, ...] = ()
    """Headings that are known and left out on purpose: no drift of the format."""
    secret: tuple[str, ...] = ()
    """Headings of identity documents, medical fields and passwords: never read, and in no import file (G11)."""
    nobody: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Canonical column: cells of records that stand for no customer, in lower case; such rows are not read (M14)."""
    fixed: frozenset[str] = frozenset()
    """Canonical columns that the vendor's import does not take."""
    by_hand: frozenset[str] = frozenset()
    """Canonical columns by which an import finds its customers: changed there they make a second one."""
    unique: frozenset[str] = frozenset()
    required: tuple[str, ...] = ()
    date_order: DateOrder = "ymd"
    tag_separator: str = ";"
    apostrophes: bool = False
    """Whether a leading apostrophe only keeps spreadsheets from reading a number or a formula."""
    one_each: bool = False
    """Whether two columns that say the same field are refused; else the first heading that is there is read."""
    ten_digits: bool = False
    """Whether phones are kept without the country code."""
    steps: tuple[str, ...] = ("Import the file in the system, updating the customers that are there.",)
    """How a person brings an import file in."""


_SHOPIFY_STATES = {
    # `no` is said of who opted out and of who was never asked: unknown, not out (G9)
    **_ticks("in", "unknown"), "subscribed": "in", "unsubscribed": "out", "not_subscribed": "unknown",
    "redacted": "erased",
}  # fmt: skip
PLAIN = Format(
    # headings of well-known exports, each with one meaning only; where two of them say the same field, neither is read
    columns={
        "id": ("Customer ID", "Customer #", "Customer No", "Customer Number"),
        "first_name": ("Given Name", "Forename"),
        "last_name": ("Surname", "Family Name"),
        "full_name": ("Customer Name",),
        "birth_date": ("Birthday", "Date of Birth", "DOB"),
        "phone": ("Mobile", "Mobile Phone", "Mobile Number", "Cell Phone", "Phone Number", "Telephone"),
        "email": ("E-mail", "Email Address", "E-mail Address"),
        "street": ("Address", "Address 1", "Address Line 1", "Street Address", "Default Address Address1"),
        "street_2": ("Address 2", "Address Line 2", "Default Address Address2"),
        "city": ("Town", "Default Address City"),
        "region": ("State", "Province", "Province Code", "Default Address Province Code"),
        "postal_code": ("Zip", "Zip Code", "Postcode", "Default Address Zip"),
        "country": ("Country Code", "Default Address Country Code"),
        "email_consent": ("Accepts Email Marketing", "Accepts Marketing", "Email Opt In", "Email Opt-In"),
        "sms_consent": ("Accepts SMS Marketing", "SMS Opt In", "SMS Opt-In"),
        "group": ("Customer Group",),
        "note": ("Notes",),
        "created_at": ("Date Created", "Signup Date"),
        "updated_at": ("Last Updated", "Date Modified"),
        "has_purchased": ("Total Orders", "Orders Count", "Number of Orders"),
    },
    outs={"email_consent": "out", "sms_consent": "out"},
    one_each=True,
)
"""Canonical columns and words: the kind `table`."""

BOXES = ("email_consent", "sms_consent")


def boxed(form: Format, names: Iterable[str]) -> Format:
    """The format where these consent columns are a shop's own answers, yes and no, instead of canonical words."""
    asked = dict.fromkeys(names, _SHOPIFY_STATES)
    return (
        replace(form, words={**form.words, **asked}, outs={**form.outs, **dict.fromkeys(asked, False)})
        if asked
        else form
    )


_YES_OR_NO = _ticks("in", "out")
_SHOPIFY = Format(
    # documented: the vendor's customer CSV, in its present headings and those of before
    columns={
        "id": ("Customer ID",),
        "street": ("Default Address Address1", "Address1"),
        "street_2": ("Default Address Address2", "Address2"),
        "city": ("Default Address City", "City"),
        "region": ("Default Address Province Code", "Province Code"),
        "country": ("Default Address Country Code", "Country Code"),
        "postal_code": ("Default Address Zip", "Zip"),
        "email_consent": ("Accepts Email Marketing", "Accepts Marketing"),
        "sms_consent": ("Accepts SMS Marketing",),
        "has_purchased": ("Total Orders",),
    },
    words={"email_consent": _SHOPIFY_STATES, "sms_consent": _SHOPIFY_STATES},
    outs={"email_consent": False, "sms_consent": False},
    unread=(
        "Default Address Company", "Company", "Default Address Phone", "Province", "Country", "Total Spent",
        "Tax Exempt",
    ),
    by_hand=frozenset({"email"}),
    unique=frozenset({"email", "phone"}),
    tag_separator=",",
    apostrophes=True,
    steps=(
        "In the Shopify admin open Customers and choose Import.",
        "Add the import file, and tick the box that overwrites existing customers.",
        "Shopify finds customers by their email: where the email itself changes, edit the customer by hand, after the "
        "import.",
    ),
)  # fmt: skip

_HEARTLAND = Format(
    # documented: the import's headings (sheet: H3); assumed: those of the account's own fields, and `Active`
    columns={
        "id": ("Customer #",),
        "phone": ("Mobile Phone", "Phone 1", "Phone", "Address Phone"),
        "street": ("Address Line 1",),
        "street_2": ("Address Line 2",),
        "city": ("Address City",),
        "region": ("Address State",),
        "postal_code": ("Address Postal Code",),
        "country": ("Address Country",),
        "status": ("Active", "Active?"),
        "birth_date": ("Birthday", "Birth Date"),
        "email_consent": ("Email Opt In", "Email Opt-In"),
    },
    words={
        "status": _ticks("active", "archived"),
        # unticked is the creation default (G9)
        "email_consent": _ticks("in", "unknown"),
    },
    outs={"email_consent": False},
    blanks={"first_name": ("?",), "last_name": ("?",)},
    unread=("Address First Name", "Address Last Name"),
    required=("first_name", "last_name", "email", "street", "city", "postal_code", "country"),
    steps=(
        "In Heartland Retail open Sales, Customers, and choose Import; an administrator has to do it.",
        "Upload the import file; on the mapping screen keep Customer # mapped: without it every row becomes a new customer.",
        "Complete the import.",
    ),
)

_LIGHTSPEED_X = Format(
    # assumed: the words of the API, with and without the older spelling of addresses
    columns={
        "id": ("id", "customer_id", "customer_code"),
        "external_id": ("customer_code",),
        "phone_2": ("mobile",),
        "birth_date": ("date_of_birth",),
        "street": ("physical_address_1", "physical_address1"),
        "street_2": ("physical_address_2", "physical_address2"),
        "city": ("physical_city",),
        "region": ("physical_state",),
        "postal_code": ("physical_postcode",),
        "country": ("physical_country_id", "physical_country"),
        "group": ("customer_group", "customer_group_name"),
        "email_consent": ("do_not_email",),
        "points": ("loyalty_balance",),
        "credit": ("store_credit_balance",),
    },
    words={
        # the flag says no: true is out; false is also the creation default, so unknown (G9)
        "email_consent": _ticks("out", "unknown"),
        # the SMS flag says yes; it is read where `columns:` maps it (M11)
        "sms_consent": _ticks("in", "unknown"),
    },
    outs={"email_consent": True, "sms_consent": False},
    blanks={"phone": ("0",), "group": ("All Customers",)},
    unread=(
        "company_name", "fax", "gender", "sex", "website", "twitter", "tax_id", "enable_loyalty", "balance",
        "year_to_date", "on_account_limit", "account_limit", "physical_suburb",
        "enable_promotional_sms", "postal_address_1", "postal_address_2", "postal_address1", "postal_address2",
        "postal_suburb", "postal_city", "postal_postcode", "postal_state", "postal_country", "postal_country_id",
        *(f"custom_field_{n}" for n in range(1, 5)),
    ),
    nobody={"external_id": ("anonymous customer", "walkin")},
    fixed=frozenset({"external_id"}),
    steps=(
        "In X-Series open Customers and choose Import Customers.",
        "Choose the import file. Customers are found by their customer code: the column must stay as it is.",
    ),
)  # fmt: skip

_LIGHTSPEED_R = Format(
    # assumed from end to end: the words of the back office's customer screen
    columns={
        "id": ("Customer ID", "System ID"),
        "first_name": ("First Name", "First"),
        "last_name": ("Last Name", "Last"),
        "phone": ("Home", "Home Phone"),
        "phone_2": ("Mobile", "Mobile Phone"),
        "email": ("Email", "Email 1", "Primary Email"),
        "email_2": ("Email 2", "Secondary Email"),
        "birth_date": ("Birthday", "Birth Date", "Date of Birth"),
        "street": ("Address 1", "Address"),
        "street_2": ("Address 2",),
        "region": ("State",),
        "postal_code": ("Zip", "ZIP Code", "Postal Code"),
        "group": ("Customer Type", "Type"),
        "note": ("Note", "Notes"),
        "status": ("Archived",),
        "email_consent": ("No Email",),
        "sms_consent": ("No Phone",),
    },
    words={
        "status": _ticks("archived", "active"),
        # the flags say no, and are set when a customer is made: set is unknown, lifted is a choice (G9)
        "email_consent": _ticks("unknown", "in"),
        "sms_consent": _ticks("unknown", "in"),
    },
    outs={"email_consent": True, "sms_consent": True},
    unread=("No Mail", "Company", "Title", "Work", "Work Phone", "Fax", "Pager", "Website", "Discount", "Credit Limit"),
    required=("first_name",),
    steps=(
        "In R-Series open Customers, Import, and start an import that updates existing customers.",
        "Choose the import file and match customers by their id.",
    ),
)

_ECWID = Format(
    # assumed: the words of the API and of the control panel
    columns={
        "id": ("customer_id", "internal_customer_id", "Customer ID"),
        "full_name": ("name", "customer_name"),
        "email": ("email", "customer_email"),
        "phone": ("phone", "customer_phone"),
        "group": ("customer_group", "customer_group_name", "Customer group"),
        "email_consent": ("accept_marketing", "accepts_marketing", "Accepts marketing"),
        "street": ("billing_street", "billing_address"),
        "city": ("billing_city",),
        "region": ("billing_state_or_province_code", "billing_state"),
        "postal_code": ("billing_postal_code",),
        "country": ("billing_country_code", "billing_country"),
        "note": ("private_admin_notes", "admin_notes"),
        "has_purchased": ("number_of_orders", "orders_count", "orders"),
        "created_at": ("registered",),
    },
    # true, false and empty are three answers; empty is unknown, not in
    words={"email_consent": _ticks("in", "out")},
    outs={"email_consent": False},
    blanks={"group": ("General",)},
    unread=("tax_id", "tax_exempt", "company_name", "total_spent", "language"),
    secret=("password",),
    by_hand=frozenset({"email"}),
    unique=frozenset({"email"}),
    required=("email",),
    steps=(
        "In the shop's control panel open Catalog, Data import and export.",
        "Upload the import file. Customers are found by email: where the email itself changes, edit the customer by "
        "hand, after the import.",
    ),
)

_TREEZ = Format(
    # assumed from end to end: the words of the API
    columns={
        "id": ("Customer ID",),
        "birth_date": ("Birthday", "Date of Birth", "DOB"),
        "phone": ("Phone", "Phone Number"),
        "street": ("Street 1", "Street1", "Address 1"),
        "street_2": ("Street 2", "Street2", "Address 2"),
        "region": ("State",),
        "postal_code": ("Zip", "Zipcode", "Zip Code"),
        "tags": ("Customer Groups", "Groups"),
        "note": ("Notes", "Note"),
        "created_at": ("Signup Date",),
        "updated_at": ("Last Update",),
        "email_consent": ("Opt Out", "opt_out"),
        "points": ("Rewards Balance",),
    },
    words={
        "status": {"active": "active", "deactivated": "archived", "inactive": "archived"},
        # the polarity is unproven: neither answer is a choice until `words:` says otherwise (G9)
        "email_consent": _ticks("unknown", "unknown"),
    },
    blanks={"*": ("N/A", "2000-01-01 00:00:00.000"), "postal_code": ("0",), "birth_date": ("2000-01-01",)},
    secret=(
        "Drivers License", "Drivers License Expiration", "State Medical ID", "Permit Expiration", "Patient Type",
        "Physician Name", "Physician License", "Caregiver Name", "Caregiver License Number",
    ),
    unread=(
        "Verification Status", "Middle Name", "Nickname", "Gender", "Referral Source", "Banned",
        "Last Visit Date",
    ),
    fixed=frozenset({"tags"}),
    unique=frozenset({"email", "phone"}),
    required=("first_name", "last_name", "birth_date"),
    date_order="mdy",
    tag_separator=",",
    ten_digits=True,
    steps=(
        "Treez has no import that a store can start itself: send the import file to the vendor's support, or "
        "go through the work list in the customer screen, one customer at a time.",
    ),
)  # fmt: skip

_GREENLINE = Format(
    # documented: `Name`, the one heading that the vendor's pages give; assumed: the others
    columns={
        "id": ("ID", "Customer ID"),
        "full_name": ("Name",),
        "birth_date": ("Birthday",),
        "note": ("Notes", "Note"),
        "status": ("Archived",),
        "email_consent": ("Marketing Email Opt In", "Email Opt In"),
        "sms_consent": ("Marketing SMS Opt In", "SMS Opt In"),
        "points": ("Loyalty Points", "Points"),
        "credit": ("Credit Balance",),
    },
    words={
        "status": _ticks("archived", "active"),
        "email_consent": _YES_OR_NO,
        "sms_consent": _YES_OR_NO,
    },
    outs={"email_consent": False, "sms_consent": False},
    unread=("Tax Exempt", "Total Spent", "Visits"),
    unique=frozenset({"email", "phone"}),
    steps=(
        "In the dashboard open Customers, Customer List, and choose Import/Export, tab Customers; your role must allow it.",
        "Import the file. Never use the tab Credit Balance for it.",
        "Email and phone of a customer who is linked to ECOM are changed in Mission Control instead (C1).",
    ),
)

_BLAZE_ECOM = Format(
    # assumed from end to end: no page shows a list exported from Mission Control
    columns={
        "id": ("Customer ID",),
        "birth_date": ("Date of Birth", "Birthday"),
        "note": ("Notes", "Note"),
        "status": ("Active", "Is Active"),
        "email_consent": ("Email Opt In", "Email Opt-In"),
        "sms_consent": ("SMS Opt In", "SMS Opt-In"),
    },
    words={
        "status": _ticks("active", "archived"),
        "email_consent": _YES_OR_NO,
        "sms_consent": _YES_OR_NO,
    },
    outs={"email_consent": False, "sms_consent": False},
    secret=("ID Number", "ID Expiration", "Medical"),
    unique=frozenset({"email", "phone"}),
    steps=(
        "Mission Control is not known to take a file: go through the work list, one customer at a time.",
        "Verify the identity of whoever asks before a phone or an email is changed: it is the login (G12).",
        "Watch the action log of Mission Control: each change has to reach every store (C2, C5).",
    ),
)

FORMATS: Mapping[str, Format] = {
    "shopify": _SHOPIFY,
    "heartland": _HEARTLAND,
    "lightspeed_x": _LIGHTSPEED_X,
    "lightspeed_r": _LIGHTSPEED_R,
    "ecwid": _ECWID,
    "treez": _TREEZ,
    "greenline": _GREENLINE,
    "blaze_ecom": _BLAZE_ECOM,
}
"""By kind; every other kind is `PLAIN`."""
