-- title: Shopify customers as profiles
-- rules: G9, M9, M11
-- grain: one row per customer of `raw`
-- reads: raw, $source; the connector has lifted consent, birth date and the link metafields
-- Every customer that is listed is active; the default address is the main one.
select
  $source as source,
  legacyResourceId as id,
  'active' as status,
  cast(null as varchar) as merged_into,
  nullif(trim(firstName), '') as first_name,
  nullif(trim(lastName), '') as last_name,
  cast(null as varchar) as full_name,
  case
    when regexp_matches(trim(birthDate), '^[12][0-9]{3}-[0-9]{2}-[0-9]{2}([T ]|$)')
    then cast(try_cast(substr(trim(birthDate), 1, 10) as date) as varchar)
  end as birth_date,
  nullif(trim(defaultPhoneNumber.phoneNumber), '') as phone,
  cast(null as varchar) as phone_2,
  nullif(trim(defaultEmailAddress.emailAddress), '') as email,
  cast(null as varchar) as email_2,
  nullif(trim(defaultAddress.address1), '') as street,
  nullif(trim(defaultAddress.address2), '') as street_2,
  nullif(trim(defaultAddress.city), '') as city,
  nullif(trim(defaultAddress.provinceCode), '') as region,
  nullif(trim(defaultAddress.zip), '') as postal_code,
  nullif(trim(defaultAddress.countryCodeV2), '') as country,
  emailConsent as email_consent,
  try_cast(defaultEmailAddress.marketingUpdatedAt as timestamptz) at time zone 'UTC' as email_consent_at,
  smsConsent as sms_consent,
  try_cast(defaultPhoneNumber.smsMarketingConsent.updatedAt as timestamptz) at time zone 'UTC' as sms_consent_at,
  cast(null as varchar) as group_name,
  nullif(array_to_string(list_sort(list_distinct(list_filter(
    list_transform(tags, lambda tag: trim(tag)), lambda tag: tag <> ''))), ';'), '') as tags,
  nullif(trim(note), '') as note,
  list_transform(
    list_filter(coalesce(metafields, []), lambda link: trim(link.value) <> ''),
    lambda link: struct_pack(key := link.namespace || '.' || link.key, id := trim(link.value), state := cast(null as varchar))
  ) as links,
  try_cast(numberOfOrders as bigint) > 0 as has_purchased,
  cast(null as timestamp) as last_seen_at,
  cast(null as boolean) as verified,
  try_cast(createdAt as timestamptz) at time zone 'UTC' as created_at,
  try_cast(updatedAt as timestamptz) at time zone 'UTC' as updated_at,
  cast(null as varchar) as external_id,
  defaultEmailAddress.marketingOptInLevel as email_consent_how,
  -- OTHER: not given in the shop itself, so it came over an interface
  nullif(concat_ws(' ', defaultPhoneNumber.smsMarketingConsent.optInLevel, defaultPhoneNumber.smsMarketingConsent.collectedFrom), '') as sms_consent_how
from raw;
