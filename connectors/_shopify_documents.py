"""Every GraphQL document that is sent to Shopify: Admin API 2026-10, and tested against its schema.

Only metafields that the configuration names are asked for (G11), and no address but the default one (M9).
"""

import json
from collections.abc import Sequence

_CUSTOMER = """
  __typename id legacyResourceId firstName lastName tags note numberOfOrders createdAt updatedAt
  defaultEmailAddress { emailAddress marketingState marketingOptInLevel marketingUpdatedAt }
  defaultPhoneNumber { phoneNumber smsMarketingConsent { state optInLevel updatedAt collectedFrom } }
  defaultAddress { id address1 address2 city provinceCode countryCodeV2 zip }"""
_METAFIELDS = "{ edges { node { __typename id namespace key type value compareDigest } } }"
_WHOLE = f"{_CUSTOMER}\n  metafields(first: $first, keys: $keys) {_METAFIELDS}"

EXPORT = f"""query Export($keys: [String!]) {{
  customers {{ edges {{ node {{ {_CUSTOMER}
  metafields(keys: $keys) {{ edges {{ node {{ namespace key value }} }} }} }} }} }}
}}"""
"""What the bulk export reads; `bulk_query` writes its variable in. A write takes type and digest from a fresh record."""

ACCOUNT = """query Account {
  shop { name myshopifyDomain }
  currentAppInstallation { accessScopes { handle } }
}"""
COUNT = "query Count { customersCount(limit: null) { count precision } }"
SAMPLE = f"query Sample($first: Int!, $keys: [String!]) {{ customers(first: 25) {{ nodes {{ {_WHOLE} }} }} }}"
BY_IDS = f"""query ByIds($ids: [ID!]!, $first: Int!, $keys: [String!]) {{
  nodes(ids: $ids) {{ ... on Customer {{ {_WHOLE} }} }}
}}"""
FIND = f"""query Find($identifier: CustomerIdentifierInput!, $first: Int!, $keys: [String!]) {{
  customerByIdentifier(identifier: $identifier) {{ {_WHOLE} }}
}}"""

BULK_START = """mutation BulkStart($query: String!) {
  bulkOperationRunQuery(query: $query, groupObjects: false) {
    bulkOperation { id status }
    userErrors { field message code }
  }
}"""
BULK_PROGRESS = """query BulkProgress($id: ID!) {
  bulkOperation(id: $id) { id status errorCode objectCount rootObjectCount fileSize url partialDataUrl }
}"""
BULK_CANCEL = """mutation BulkCancel($id: ID!) {
  bulkOperationCancel(id: $id) { bulkOperation { id status } userErrors { field message } }
}"""

CREATE = """mutation Create($input: CustomerInput!) {
  customerCreate(input: $input) { customer { id legacyResourceId } userErrors { field message } }
}"""
UPDATE = """mutation Update($input: CustomerInput!) {
  customerUpdate(input: $input) { customer { id } userErrors { field message } }
}"""
TAGS_ADD = """mutation TagsAdd($id: ID!, $tags: [String!]!) {
  tagsAdd(id: $id, tags: $tags) { node { id } userErrors { field message } }
}"""
TAGS_REMOVE = """mutation TagsRemove($id: ID!, $tags: [String!]!) {
  tagsRemove(id: $id, tags: $tags) { node { id } userErrors { field message } }
}"""
EMAIL_CONSENT = """mutation EmailConsent($input: CustomerEmailMarketingConsentUpdateInput!) {
  customerEmailMarketingConsentUpdate(input: $input) { customer { id } userErrors { field message code } }
}"""
SMS_CONSENT = """mutation SmsConsent($input: CustomerSmsMarketingConsentUpdateInput!) {
  customerSmsMarketingConsentUpdate(input: $input) { customer { id } userErrors { field message code } }
}"""
ADDRESS_CREATE = """mutation AddressCreate($customerId: ID!, $address: MailingAddressInput!) {
  customerAddressCreate(customerId: $customerId, address: $address, setAsDefault: true) {
    address { id } userErrors { field message }
  }
}"""
ADDRESS_UPDATE = """mutation AddressUpdate($customerId: ID!, $addressId: ID!, $address: MailingAddressInput!) {
  customerAddressUpdate(customerId: $customerId, addressId: $addressId, address: $address) {
    address { id } userErrors { field message }
  }
}"""
METAFIELDS_SET = """mutation MetafieldsSet($metafields: [MetafieldsSetInput!]!) {
  metafieldsSet(metafields: $metafields) { metafields { id } userErrors { field message code } }
}"""
METAFIELDS_DELETE = """mutation MetafieldsDelete($metafields: [MetafieldIdentifierInput!]!) {
  metafieldsDelete(metafields: $metafields) { deletedMetafields { key } userErrors { field message } }
}"""
ERASE = """mutation Erase($id: ID!) {
  customerRequestDataErasure(customerId: $id) { customerId userErrors { field message code } }
}"""


def bulk_query(keys: Sequence[str]) -> str:
    """`EXPORT` with its variable written in, because a bulk query takes none."""
    return EXPORT.replace("($keys: [String!])", "").replace("$keys", json.dumps(list(keys)))
