-- title: X-Series customers as profiles
-- rules: G9, M6, M9, M11, M12, X2
-- grain: one row per customer of `raw`
-- reads: raw, $source; the connector has lifted consent and the group's name
-- Deleted is for good. The physical address is the main one. A phone of `0` is none. Sales of this year prove a purchase; none prove nothing.
select
  $source as source,
  id,
  case when nullif(trim(deleted_at), '') is null then 'active' else 'deleted' end as status,
  cast(null as varchar) as merged_into,
  nullif(trim(first_name), '') as first_name,
  nullif(trim(last_name), '') as last_name,
  cast(null as varchar) as full_name,
  case
    when regexp_matches(trim(date_of_birth), '^[12][0-9]{3}-[0-9]{2}-[0-9]{2}([T ]|$)')
    then cast(try_cast(substr(trim(date_of_birth), 1, 10) as date) as varchar)
  end as birth_date,
  nullif(nullif(trim(phone), ''), '0') as phone,
  nullif(nullif(trim(mobile), ''), '0') as phone_2,
  nullif(trim(email), '') as email,
  cast(null as varchar) as email_2,
  nullif(trim(physical_address_1), '') as street,
  nullif(trim(physical_address_2), '') as street_2,
  nullif(trim(physical_city), '') as city,
  nullif(trim(physical_state), '') as region,
  nullif(trim(physical_postcode), '') as postal_code,
  nullif(trim(physical_country_id), '') as country,
  email_consent,
  cast(null as timestamp) as email_consent_at,
  sms_consent,
  cast(null as timestamp) as sms_consent_at,
  case when trim(group_name) <> '' then group_name end as group_name,
  cast(null as varchar) as tags,
  nullif(trim(note), '') as note,
  cast([] as struct(key varchar, id varchar, state varchar)[]) as links,
  case when year_to_date > 0 then true end as has_purchased,
  cast(null as timestamp) as last_seen_at,
  cast(null as boolean) as verified,
  try_cast(created_at as timestamptz) at time zone 'UTC' as created_at,
  try_cast(updated_at as timestamptz) at time zone 'UTC' as updated_at,
  nullif(trim(customer_code), '') as external_id,
  points,
  credit
from raw;
