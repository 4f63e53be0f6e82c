-- title: Ecwid customers as profiles
-- rules: G9, M9, X2, X4
-- grain: one row per customer of `raw`
-- reads: raw, $source; the connector has lifted names, contacts, the billing address, consent, group and purchases
-- Of a deleted customer nothing is left but the id. The last order is when a customer was last seen.
select
  $source as source,
  id,
  case when deleted then 'deleted' else 'active' end as status,
  cast(null as varchar) as merged_into,
  nullif(trim(first_name), '') as first_name,
  nullif(trim(last_name), '') as last_name,
  nullif(trim(full_name), '') as full_name,
  cast(null as varchar) as birth_date,
  nullif(trim(phone), '') as phone,
  nullif(trim(phone_2), '') as phone_2,
  nullif(trim(email), '') as email,
  nullif(trim(email_2), '') as email_2,
  nullif(trim(street), '') as street,
  nullif(trim(street_2), '') as street_2,
  nullif(trim(city), '') as city,
  nullif(trim(region), '') as region,
  nullif(trim(postal_code), '') as postal_code,
  nullif(trim(country), '') as country,
  email_consent,
  cast(null as timestamp) as email_consent_at,
  cast(null as varchar) as sms_consent,
  cast(null as timestamp) as sms_consent_at,
  case when trim(group_name) <> '' then group_name end as group_name,
  cast(null as varchar) as tags,
  nullif(trim(note), '') as note,
  cast([] as struct(key varchar, id varchar, state varchar)[]) as links,
  has_purchased,
  try_cast(last_order_at as timestamptz) at time zone 'UTC' as last_seen_at,
  cast(null as boolean) as verified,
  try_cast(created_at as timestamptz) at time zone 'UTC' as created_at,
  try_cast(updated_at as timestamptz) at time zone 'UTC' as updated_at,
  nullif(trim(external_id), '') as external_id
from raw;
