-- title: Heartland customers as profiles
-- rules: G9, M9, M11, M12
-- grain: one row per customer of `raw`
-- reads: raw, $source; the connector has lifted phone 1, birth date, consent and tags from the account's own keys
-- A name of `?` is the vendor's own word for an unknown one. The first address has the lowest id, and is the main one.
select
  $source as source,
  id,
  case when active = false then 'archived' else 'active' end as status,
  cast(null as varchar) as merged_into,
  nullif(nullif(trim(first_name), ''), '?') as first_name,
  nullif(nullif(trim(last_name), ''), '?') as last_name,
  cast(null as varchar) as full_name,
  case
    when regexp_matches(trim(birth_date), '^[12][0-9]{3}-[0-9]{2}-[0-9]{2}([T ]|$)')
    then cast(try_cast(substr(trim(birth_date), 1, 10) as date) as varchar)
  end as birth_date,
  nullif(trim(phone1), '') as phone,
  cast(null as varchar) as phone_2,
  nullif(trim(email), '') as email,
  cast(null as varchar) as email_2,
  nullif(trim(addresses[1].line_1), '') as street,
  nullif(trim(addresses[1].line_2), '') as street_2,
  nullif(trim(addresses[1].city), '') as city,
  nullif(trim(addresses[1].state), '') as region,
  nullif(trim(addresses[1].postal_code), '') as postal_code,
  nullif(trim(addresses[1].country), '') as country,
  email_consent,
  cast(null as timestamp) as email_consent_at,
  cast(null as varchar) as sms_consent,
  cast(null as timestamp) as sms_consent_at,
  cast(null as varchar) as group_name,
  tags,
  cast(null as varchar) as note,
  cast([] as struct(key varchar, id varchar, state varchar)[]) as links,
  cast(null as boolean) as has_purchased,
  cast(null as timestamp) as last_seen_at,
  cast(null as boolean) as verified,
  try_cast(created_at as timestamptz) at time zone 'UTC' as created_at,
  try_cast(updated_at as timestamptz) at time zone 'UTC' as updated_at,
  nullif(trim(public_id), '') as external_id
from raw;
