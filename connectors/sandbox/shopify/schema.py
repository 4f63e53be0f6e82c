"""The part of the Admin schema that the simulated shop speaks, as of a version.

Names and types from the Shopify sheet (`Customer`, Reading, Writing customers, Bulk export). A line that ends in
`# since VERSION` is left out for clients that ask for an older one (sheet: What changed between versions).
"""

import re
from functools import lru_cache

from graphql import GraphQLSchema, build_schema

SUPPORTED = ("2026-01", "2026-04", "2026-07", "2026-10")
CANDIDATE = "2027-01"

_CUSTOMER = """
interface Node { id: ID! }
interface HasMetafields { metafield(key: String!, namespace: String): Metafield }
scalar DateTime
scalar URL
scalar UnsignedInt64
scalar Decimal
scalar CountryCode
enum CustomerState { ENABLED DISABLED INVITED DECLINED }
enum CustomerMarketingOptInLevel { SINGLE_OPT_IN CONFIRMED_OPT_IN UNKNOWN }
enum CustomerEmailAddressMarketingState { NOT_SUBSCRIBED PENDING SUBSCRIBED UNSUBSCRIBED INVALID }
enum CustomerEmailMarketingState { NOT_SUBSCRIBED PENDING SUBSCRIBED UNSUBSCRIBED INVALID REDACTED }
enum CustomerSmsMarketingState { NOT_SUBSCRIBED PENDING SUBSCRIBED UNSUBSCRIBED REDACTED }
enum CustomerMarketingConsentState { NEVER_SUBSCRIBED PENDING SUBSCRIBED UNSUBSCRIBED REDACTED }
enum CustomerConsentCollectedFrom { SHOPIFY OTHER }
enum CustomerSortKeys { CREATED_AT ID LOCATION NAME RELEVANCE UPDATED_AT }
type Location implements Node { id: ID! name: String! }
type MoneyV2 { amount: Decimal! currencyCode: String! }
type PageInfo { hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String }
type Count { count: Int! precision: String! }
type CustomerEmailAddress {
  emailAddress: String! marketingState: CustomerEmailAddressMarketingState!
  marketingOptInLevel: CustomerMarketingOptInLevel marketingUpdatedAt: DateTime validFormat: Boolean!
  marketingUnsubscribeUrl: URL! openTrackingLevel: String! openTrackingUrl: URL! sourceLocation: Location
}
type CustomerSmsMarketingConsent {
  state: CustomerMarketingConsentState! optInLevel: CustomerMarketingOptInLevel updatedAt: DateTime
  collectedFrom: CustomerConsentCollectedFrom sourceLocation: Location
}
type CustomerPhoneNumber {
  phoneNumber: String! marketingState: CustomerSmsMarketingState! marketingOptInLevel: CustomerMarketingOptInLevel
  marketingUpdatedAt: DateTime marketingCollectedFrom: CustomerConsentCollectedFrom sourceLocation: Location
  smsMarketingConsent: CustomerSmsMarketingConsent! # since 2026-10
}
type CustomerEmailMarketingConsentState {
  marketingState: CustomerEmailMarketingState! marketingOptInLevel: CustomerMarketingOptInLevel
  consentUpdatedAt: DateTime sourceLocation: Location
}
type CustomerSmsMarketingConsentState {
  marketingState: CustomerSmsMarketingState! marketingOptInLevel: CustomerMarketingOptInLevel!
  consentUpdatedAt: DateTime consentCollectedFrom: CustomerConsentCollectedFrom sourceLocation: Location
}
enum CustomerMergeErrorFieldType {
  COMPANY_CONTACT CUSTOMER_PAYMENT_METHODS DELETED_AT GIFT_CARDS MERGE_IN_PROGRESS MULTIPASS_IDENTIFIER OVERRIDE_FIELDS
  PENDING_DATA_REQUEST REDACTED_AT STORE_CREDIT SUBSCRIPTIONS
}
enum CustomerMergeRequestStatus { COMPLETED FAILED IN_PROGRESS REQUESTED }
type CustomerMergeable {
  isMergeable: Boolean! reason: String errorFields: [CustomerMergeErrorFieldType!]!
  mergeInProgress: CustomerMergeRequest
}
type MailingAddress implements Node {
  id: ID! firstName: String lastName: String name: String company: String address1: String address2: String
  city: String province: String provinceCode: String country: String countryCode: String
  countryCodeV2: CountryCode zip: String phone: String
  formatted(withName: Boolean = false, withCompany: Boolean = true): [String!]!
}
type MailingAddressEdge { cursor: String! node: MailingAddress! }
type MailingAddressConnection { edges: [MailingAddressEdge!]! nodes: [MailingAddress!]! pageInfo: PageInfo! }
type Metafield implements Node {
  id: ID! legacyResourceId: UnsignedInt64! namespace: String! key: String! type: String! value: String!
  compareDigest: String! createdAt: DateTime! updatedAt: DateTime!
}
type MetafieldEdge { cursor: String! node: Metafield! }
type MetafieldConnection { edges: [MetafieldEdge!]! nodes: [Metafield!]! pageInfo: PageInfo! }
type Customer implements Node & HasMetafields {
  id: ID! legacyResourceId: UnsignedInt64! firstName: String lastName: String displayName: String!
  email: String phone: String state: CustomerState! tags: [String!]! note: String locale: String!
  taxExempt: Boolean! taxExemptions: [String!]! verifiedEmail: Boolean! validEmailAddress: Boolean!
  canDelete: Boolean! dataSaleOptOut: Boolean! multipassIdentifier: String numberOfOrders: UnsignedInt64!
  amountSpent: MoneyV2! createdAt: DateTime! updatedAt: DateTime! unsubscribeUrl: URL! mergeable: CustomerMergeable!
  defaultEmailAddress: CustomerEmailAddress defaultPhoneNumber: CustomerPhoneNumber
  emailMarketingConsent: CustomerEmailMarketingConsentState smsMarketingConsent: CustomerSmsMarketingConsentState
  defaultAddress: MailingAddress addresses(first: Int): [MailingAddress!]!
  addressesV2(first: Int, after: String, last: Int, before: String, reverse: Boolean = false): MailingAddressConnection!
  metafield(key: String!, namespace: String): Metafield
  metafields(
    first: Int, after: String, last: Int, before: String, namespace: String, keys: [String!], reverse: Boolean = false
  ): MetafieldConnection!
}
type CustomerEdge { cursor: String! node: Customer! }
type CustomerConnection { edges: [CustomerEdge!]! nodes: [Customer!]! pageInfo: PageInfo! }
"""

_QUERIES = """
enum BulkOperationStatus { CANCELED CANCELING COMPLETED CREATED EXPIRED FAILED RUNNING }
enum BulkOperationErrorCode { ACCESS_DENIED INTERNAL_SERVER_ERROR TIMEOUT }
enum BulkOperationType { MUTATION QUERY }
enum BulkOperationsSortKeys { COMPLETED_AT CREATED_AT }
type BulkOperation implements Node {
  id: ID! status: BulkOperationStatus! errorCode: BulkOperationErrorCode type: BulkOperationType! query: String!
  objectCount: UnsignedInt64! rootObjectCount: UnsignedInt64! fileSize: UnsignedInt64 url: URL partialDataUrl: URL
  createdAt: DateTime! completedAt: DateTime
}
type BulkOperationEdge { cursor: String! node: BulkOperation! }
type BulkOperationConnection { edges: [BulkOperationEdge!]! nodes: [BulkOperation!]! pageInfo: PageInfo! }
type Shop implements Node { id: ID! name: String! email: String! myshopifyDomain: String! currencyCode: String! }
type AccessScope { handle: String! description: String! }
type AppInstallation implements Node { id: ID! accessScopes: [AccessScope!]! }
type ApiVersion { handle: String! displayName: String! supported: Boolean! }
input UniqueMetafieldValueInput { namespace: String key: String! value: String! }
input CustomerIdentifierInput { id: ID emailAddress: String phoneNumber: String customId: UniqueMetafieldValueInput }
type CustomerMergeError { errorFields: [CustomerMergeErrorFieldType!]! message: String! }
type CustomerMergePreviewBlockingFields { note: String tags: [String!]! }
type CustomerMergePreviewDefaultFields {
  displayName: String! firstName: String lastName: String email: CustomerEmailAddress phoneNumber: CustomerPhoneNumber
  defaultAddress: MailingAddress note: String tags: [String!]! orderCount: UnsignedInt64! giftCardCount: UnsignedInt64!
  draftOrderCount: UnsignedInt64! metafieldCount: UnsignedInt64!
}
type CustomerMergePreviewAlternateFields {
  firstName: String lastName: String email: CustomerEmailAddress phoneNumber: CustomerPhoneNumber
  defaultAddress: MailingAddress
}
type CustomerMergePreview {
  resultingCustomerId: ID defaultFields: CustomerMergePreviewDefaultFields
  alternateFields: CustomerMergePreviewAlternateFields blockingFields: CustomerMergePreviewBlockingFields
  customerMergeErrors: [CustomerMergeError!]
}
type CustomerMergeRequest {
  jobId: ID status: CustomerMergeRequestStatus! resultingCustomerId: ID! customerMergeErrors: [CustomerMergeError!]!
}
type QueryRoot {
  customers(
    first: Int, after: String, last: Int, before: String, query: String, sortKey: CustomerSortKeys = ID,
    reverse: Boolean = false
  ): CustomerConnection!
  customersCount(limit: Int = 10000, query: String): Count
  customer(id: ID!): Customer
  customerByIdentifier(identifier: CustomerIdentifierInput!): Customer
  customerMergeJobStatus(jobId: ID!): CustomerMergeRequest
  customerMergePreview(
    customerOneId: ID!, customerTwoId: ID!, overrideFields: CustomerMergeOverrideFields
  ): CustomerMergePreview!
  node(id: ID!): Node
  nodes(ids: [ID!]!): [Node]!
  bulkOperation(id: ID!): BulkOperation
  bulkOperations(
    first: Int, after: String, last: Int, before: String, query: String, reverse: Boolean = false,
    sortKey: BulkOperationsSortKeys = CREATED_AT
  ): BulkOperationConnection!
  currentBulkOperation(type: BulkOperationType = QUERY): BulkOperation
  currentAppInstallation: AppInstallation!
  publicApiVersions: [ApiVersion!]!
  shop: Shop!
}
"""

_MUTATIONS = """
interface DisplayableError { field: [String!] message: String! }
type UserError implements DisplayableError { field: [String!] message: String! }
type BulkOperationUserError implements DisplayableError { field: [String!] message: String! code: String }
enum BulkMutationErrorCode {
  INTERNAL_FILE_SERVER_ERROR INVALID_MUTATION INVALID_STAGED_UPLOAD_FILE LIMIT_REACHED NO_SUCH_FILE OPERATION_IN_PROGRESS
}
type BulkMutationUserError implements DisplayableError {
  field: [String!] message: String! code: BulkMutationErrorCode
}
type CustomerSetUserError implements DisplayableError { field: [String!] message: String! code: String }
type CustomerEmailMarketingConsentUpdateUserError implements DisplayableError {
  field: [String!] message: String! code: String
}
type CustomerSmsMarketingConsentError implements DisplayableError { field: [String!] message: String! code: String }
type MetafieldsSetUserError implements DisplayableError {
  field: [String!] message: String! code: String elementIndex: Int
}
type CustomerMergeUserError implements DisplayableError { field: [String!] message: String! code: String }
input MailingAddressInput {
  id: ID firstName: String lastName: String company: String address1: String address2: String city: String
  province: String provinceCode: String country: String countryCode: CountryCode zip: String phone: String
}
input MetafieldInput { id: ID namespace: String key: String type: String value: String }
input CustomerEmailMarketingConsentInput {
  marketingState: CustomerEmailMarketingState! marketingOptInLevel: CustomerMarketingOptInLevel
  consentUpdatedAt: DateTime sourceLocationId: ID
}
input CustomerSmsMarketingConsentInput {
  marketingState: CustomerSmsMarketingState! marketingOptInLevel: CustomerMarketingOptInLevel
  consentUpdatedAt: DateTime sourceLocationId: ID
}
input CustomerInput {
  id: ID firstName: String lastName: String email: String phone: String note: String tags: [String!] locale: String
  taxExempt: Boolean taxExemptions: [String!] multipassIdentifier: String metafields: [MetafieldInput!]
  addresses: [MailingAddressInput!] emailMarketingConsent: CustomerEmailMarketingConsentInput
  smsMarketingConsent: CustomerSmsMarketingConsentInput
}
input CustomerSetIdentifiers { id: ID email: String phone: String customId: UniqueMetafieldValueInput }
input CustomerSetInput {
  id: ID firstName: String lastName: String email: String phone: String note: String tags: [String!] locale: String
  taxExempt: Boolean taxExemptions: [String!] addresses: [MailingAddressInput!]
}
input CustomerDeleteInput { id: ID! }
input CustomerEmailMarketingConsentUpdateInput {
  customerId: ID! emailMarketingConsent: CustomerEmailMarketingConsentInput!
}
input CustomerSmsMarketingConsentUpdateInput {
  customerId: ID! smsMarketingConsent: CustomerSmsMarketingConsentInput!
}
input MetafieldsSetInput {
  ownerId: ID! namespace: String key: String! type: String value: String! compareDigest: String
}
input MetafieldIdentifierInput { ownerId: ID! namespace: String! key: String! }
input CustomerMergeOverrideFields {
  customerIdOfDefaultAddressToKeep: ID customerIdOfEmailToKeep: ID customerIdOfFirstNameToKeep: ID
  customerIdOfLastNameToKeep: ID customerIdOfPhoneNumberToKeep: ID note: String tags: [String!]
}
type MetafieldIdentifier { ownerId: ID! namespace: String! key: String! }
type Job { id: ID! done: Boolean! }
type CustomerCreatePayload { customer: Customer userErrors: [UserError!]! }
type CustomerUpdatePayload { customer: Customer userErrors: [UserError!]! }
type CustomerUpdateDefaultAddressPayload { customer: Customer userErrors: [UserError!]! }
enum CustomerRequestDataErasureErrorCode { DOES_NOT_EXIST FAILED_TO_REQUEST }
type CustomerRequestDataErasureUserError { field: [String!] message: String! code: CustomerRequestDataErasureErrorCode }
type CustomerRequestDataErasurePayload { customerId: ID userErrors: [CustomerRequestDataErasureUserError!]! }
type CustomerDeletePayload { deletedCustomerId: ID shop: Shop! userErrors: [UserError!]! }
type CustomerSetPayload { customer: Customer userErrors: [CustomerSetUserError!]! }
type CustomerAddressCreatePayload { address: MailingAddress userErrors: [UserError!]! }
type CustomerAddressUpdatePayload { address: MailingAddress userErrors: [UserError!]! }
type CustomerAddressDeletePayload { deletedAddressId: ID userErrors: [UserError!]! }
type TagsAddPayload { node: Node userErrors: [UserError!]! }
type TagsRemovePayload { node: Node userErrors: [UserError!]! }
type CustomerEmailMarketingConsentUpdatePayload {
  customer: Customer userErrors: [CustomerEmailMarketingConsentUpdateUserError!]!
}
type CustomerSmsMarketingConsentUpdatePayload { customer: Customer userErrors: [CustomerSmsMarketingConsentError!]! }
type MetafieldsSetPayload { metafields: [Metafield!] userErrors: [MetafieldsSetUserError!]! }
type MetafieldsDeletePayload { deletedMetafields: [MetafieldIdentifier] userErrors: [UserError!]! }
type BulkOperationRunQueryPayload { bulkOperation: BulkOperation userErrors: [BulkOperationUserError!]! }
enum StagedUploadTargetGenerateUploadResource {
  BULK_MUTATION_VARIABLES COLLECTION_IMAGE FILE IMAGE MODEL_3D PRODUCT_IMAGE SHOP_IMAGE URL_REDIRECT_IMPORT VIDEO
}
enum StagedUploadHttpMethodType { POST PUT }
input StagedUploadInput {
  filename: String! mimeType: String! resource: StagedUploadTargetGenerateUploadResource!
  httpMethod: StagedUploadHttpMethodType = PUT fileSize: UnsignedInt64
}
type StagedUploadParameter { name: String! value: String! }
type StagedMediaUploadTarget { url: URL resourceUrl: URL parameters: [StagedUploadParameter!]! }
type StagedUploadsCreatePayload { stagedTargets: [StagedMediaUploadTarget!] userErrors: [UserError!]! }
type BulkOperationRunMutationPayload { bulkOperation: BulkOperation userErrors: [BulkMutationUserError!]! }
type BulkOperationCancelPayload { bulkOperation: BulkOperation userErrors: [UserError!]! }
type CustomerMergePayload { resultingCustomerId: ID job: Job userErrors: [CustomerMergeUserError!]! }
type Mutation {
  customerCreate(input: CustomerInput!): CustomerCreatePayload
  customerUpdate(input: CustomerInput!): CustomerUpdatePayload
  customerSet(identifier: CustomerSetIdentifiers, input: CustomerSetInput!): CustomerSetPayload
  customerRequestDataErasure(customerId: ID!): CustomerRequestDataErasurePayload
  customerDelete(input: CustomerDeleteInput!): CustomerDeletePayload
  customerMerge(
    customerOneId: ID!, customerTwoId: ID!, overrideFields: CustomerMergeOverrideFields
  ): CustomerMergePayload
  tagsAdd(id: ID!, tags: [String!]!): TagsAddPayload
  tagsRemove(id: ID!, tags: [String!]!): TagsRemovePayload
  customerAddressCreate(
    customerId: ID!, address: MailingAddressInput!, setAsDefault: Boolean
  ): CustomerAddressCreatePayload
  customerAddressUpdate(
    customerId: ID!, addressId: ID!, address: MailingAddressInput!, setAsDefault: Boolean
  ): CustomerAddressUpdatePayload
  customerAddressDelete(customerId: ID!, addressId: ID!): CustomerAddressDeletePayload
  customerUpdateDefaultAddress(customerId: ID!, addressId: ID!): CustomerUpdateDefaultAddressPayload
  customerEmailMarketingConsentUpdate(
    input: CustomerEmailMarketingConsentUpdateInput!
  ): CustomerEmailMarketingConsentUpdatePayload
  customerSmsMarketingConsentUpdate(
    input: CustomerSmsMarketingConsentUpdateInput!
  ): CustomerSmsMarketingConsentUpdatePayload
  metafieldsSet(metafields: [MetafieldsSetInput!]!): MetafieldsSetPayload
  metafieldsDelete(metafields: [MetafieldIdentifierInput!]!): MetafieldsDeletePayload
  bulkOperationRunQuery(query: String!, groupObjects: Boolean! = false): BulkOperationRunQueryPayload
  bulkOperationRunMutation(
    mutation: String!, stagedUploadPath: String!, groupObjects: Boolean = true, clientIdentifier: String
  ): BulkOperationRunMutationPayload
  bulkOperationCancel(id: ID!): BulkOperationCancelPayload
  stagedUploadsCreate(input: [StagedUploadInput!]!): StagedUploadsCreatePayload
}
schema { query: QueryRoot mutation: Mutation }
"""

_SINCE = re.compile(r"\S[^\n]*# since (\S+)\n")


@lru_cache(maxsize=8)
def schema(version: str) -> GraphQLSchema:
    """The schema as of a version."""
    text = _CUSTOMER + _QUERIES + _MUTATIONS
    return build_schema(_SINCE.sub(lambda found: found[0] if found[1] <= version else "\n", text))
