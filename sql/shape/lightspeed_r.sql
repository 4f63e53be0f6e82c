-- title: Lightspeed R-Series customers as profiles
-- rules: G9, G10, M6, M9, M11, M12, M13
-- grain: one row per customer of `raw`
-- reads: raw, $source; the connector has made one form of the vendor's lists, and days of its birth dates
-- Home is phone 1. An archived customer of the name `Customer` `[id]` was anonymised, and is nobody any more.
-- Customer and contact have clocks of their own; the later one counts.
select
  $source as source,
  customerID as id,
  case
    when archived and firstName = 'Customer' and lastName = '[' || customerID || ']' then 'deleted'
    when archived then 'archived'
    else 'active'
  end as status,
  cast(null as varchar) as merged_into,
  nullif(trim(firstName), '') as first_name,
  nullif(trim(lastName), '') as last_name,
  cast(null as varchar) as full_name,
  case
    when regexp_matches(trim(dob), '^[12][0-9]{3}-[0-9]{2}-[0-9]{2}([T ]|$)')
    then cast(try_cast(substr(trim(dob), 1, 10) as date) as varchar)
  end as birth_date,
  nullif(trim(list_filter(phones, lambda p: p.useType = 'Home')[1].number), '') as phone,
  coalesce(
    nullif(trim(list_filter(phones, lambda p: p.useType = 'Mobile')[1].number), ''),
    nullif(trim(list_filter(phones, lambda p: p.useType = 'Work')[1].number), '')
  ) as phone_2,
  nullif(trim(list_filter(emails, lambda e: e.useType = 'Primary')[1].address), '') as email,
  nullif(trim(list_filter(emails, lambda e: e.useType = 'Secondary')[1].address), '') as email_2,
  nullif(trim(addresses[1].address1), '') as street,
  nullif(trim(addresses[1].address2), '') as street_2,
  nullif(trim(addresses[1].city), '') as city,
  coalesce(nullif(trim(addresses[1].stateCode), ''), nullif(trim(addresses[1].state), '')) as region,
  nullif(trim(addresses[1].zip), '') as postal_code,
  coalesce(nullif(trim(addresses[1].countryCode), ''), nullif(trim(addresses[1].country), '')) as country,
  email_consent,
  cast(null as timestamp) as email_consent_at,
  sms_consent,
  cast(null as timestamp) as sms_consent_at,
  nullif(trim("group"), '') as group_name,
  tags,
  nullif(trim(note), '') as note,
  cast([] as struct(key varchar, id varchar, state varchar)[]) as links,
  cast(null as boolean) as has_purchased,
  cast(null as timestamp) as last_seen_at,
  cast(null as boolean) as verified,
  try_cast(createTime as timestamptz) at time zone 'UTC' as created_at,
  greatest(try_cast(raw.timeStamp as timestamptz), try_cast(contactTimeStamp as timestamptz)) at time zone 'UTC'
    as updated_at,
  cast(null as varchar) as external_id,
  credit
from raw;
