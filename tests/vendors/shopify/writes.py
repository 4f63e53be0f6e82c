"""What each write to a shop must send."""

from typing import Any

from connectors.base import Change
from tests.vendors.shopify.graph import gid


def cases() -> list[tuple[Change, list[Any]]]:
    """Every action on customer 7002, and the calls that it must make."""
    who, key = "7002", gid("7002")
    address = "gid://shopify/MailingAddress/87002?model_name=CustomerAddress"
    return [
        (
            Change("update", who, {}, {"first_name": "Grace", "phone": None}, key="c-1"),
            [("customerUpdate", {"input": {"id": key, "firstName": "Grace", "phone": None}})],
        ),
        (
            Change("update", who, {}, {"street": "2 Sample St", "street_2": "Unit 4", "country": "US"}, key="c-2"),
            [(
                "customerAddressUpdate",
                {"customerId": key, "addressId": address,
                 "address": {"address1": "2 Sample St", "address2": "Unit 4", "countryCode": "US"}},
            )],
        ),
        (
            Change("update", who, {}, {"email": "new@example.com", "birth_date": "1991-03-01"}, key="c-3"),
            [
                ("customerUpdate", {"input": {"id": key, "email": "new@example.com"}}),
                ("metafieldsSet", {"metafields": [
                    {"ownerId": key, "namespace": "facts", "key": "birth_date", "type": "date",
                     "value": "1991-03-01"}
                ]}),
            ],
        ),
        (
            Change("update", who, {}, {"tags": "VIP;new"}, key="c-4"),
            [("tagsAdd", {"id": key, "tags": ["new"]}), ("tagsRemove", {"id": key, "tags": ["pos"]})],
        ),
        (Change("erase", who, {}, {"status": "erased"}, key="c-9"), [("customerRequestDataErasure", {"customerId": key})]),
        (
            Change("add_note", who, {}, {"note": "called back"}, key="c-5"),
            [("customerUpdate", {"input": {"id": key, "note": "called back"}})],
        ),
        (
            Change("add_tag", who, {}, {"tags": "Shopify;VIP;pos"}, key="c-6"),
            [("tagsAdd", {"id": key, "tags": ["Shopify"]})],
        ),
        (
            Change("relink", who, {}, {"link:till": "H-9"}, key="c-7"),
            [("metafieldsSet", {"metafields": [
                {"ownerId": key, "namespace": "rollcall", "key": "till", "type": "id", "value": "H-9",
                 "compareDigest": "digest-7002"}
            ]})],
        ),
        (
            Change("relink", who, {}, {"link:old": "L-1"}, key="c-8"),
            [("metafieldsSet", {"metafields": [
                {"ownerId": key, "namespace": "rollcall", "key": "old_till", "type": "single_line_text_field",
                 "value": "L-1", "compareDigest": None}
            ]})],
        ),
        (
            Change("relink", who, {}, {"link:till": None}, key="c-9"),
            [("metafieldsDelete", {"metafields": [{"ownerId": key, "namespace": "rollcall", "key": "till"}]})],
        ),
        (
            Change("opt_out", who, {}, {"email_consent": "out", "sms_consent": "out"}, key="c-10"),
            [
                ("customerEmailMarketingConsentUpdate",
                 {"input": {"customerId": key, "emailMarketingConsent": {"marketingState": "UNSUBSCRIBED"}}}),
                ("customerSmsMarketingConsentUpdate",
                 {"input": {"customerId": key, "smsMarketingConsent": {"marketingState": "UNSUBSCRIBED"}}}),
            ],
        ),
        (
            Change("create", None, {}, {
                "first_name": "Grace", "last_name": None, "email": "grace@example.com", "phone": "+16135550177",
                "birth_date": "1991-03-01", "street": "3 Sample St", "city": "Ottawa", "country": "CA",
                "tags": "a;b", "link:till": "H-5",
            }, key="c-11"),
            [("customerCreate", {"input": {
                "firstName": "Grace", "email": "grace@example.com", "phone": "+16135550177", "tags": ["a", "b"],
                "addresses": [{"address1": "3 Sample St", "city": "Ottawa", "countryCode": "CA"}],
                "metafields": [
                    {"namespace": "facts", "key": "birth_date", "type": "date", "value": "1991-03-01"},
                    {"namespace": "rollcall", "key": "till", "type": "single_line_text_field", "value": "H-5"},
                ],
            }})],
        ),
    ]  # fmt: skip
