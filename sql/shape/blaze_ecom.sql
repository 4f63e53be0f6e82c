-- title: BLAZE ECOM customers as profiles
-- rules: G9, P1, T2, T3
-- grain: one row per customer of `raw`
-- reads: raw, $source; links are the vendor's own, by store id
select
  $source as source,
  id,
  case when is_active = false then 'archived' else 'active' end as status,
  cast(null as varchar) as merged_into,
  nullif(trim(first_name), '') as first_name,
  nullif(trim(last_name), '') as last_name,
  cast(null as varchar) as full_name,
  case
    when regexp_matches(trim(date_of_birth), '^[12][0-9]{3}-[0-9]{2}-[0-9]{2}([T ]|$)')
    then cast(try_cast(substr(trim(date_of_birth), 1, 10) as date) as varchar)
  end as birth_date,
  nullif(trim(phone), '') as phone,
  cast(null as varchar) as phone_2,
  nullif(trim(email), '') as email,
  cast(null as varchar) as email_2,
  cast(null as varchar) as street,
  cast(null as varchar) as street_2,
  cast(null as varchar) as city,
  cast(null as varchar) as region,
  cast(null as varchar) as postal_code,
  cast(null as varchar) as country,
  case when email_opt_in is null then 'unknown' when email_opt_in then 'in' else 'out' end as email_consent,
  cast(null as timestamp) as email_consent_at,
  case when sms_opt_in is null then 'unknown' when sms_opt_in then 'in' else 'out' end as sms_consent,
  cast(null as timestamp) as sms_consent_at,
  cast(null as varchar) as group_name,
  cast(null as varchar) as tags,
  nullif(trim(notes), '') as note,
  links,
  raw.status = 'customer' as has_purchased,
  cast(null as timestamp) as last_seen_at,
  raw.status <> 'unconfirmed' as verified,
  try_cast(created_at as timestamptz) at time zone 'UTC' as created_at,
  try_cast(updated_at as timestamptz) at time zone 'UTC' as updated_at,
  cast(null as varchar) as external_id
from raw;
