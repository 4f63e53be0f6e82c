-- title: Treez customers as profiles
-- rules: G9, G11, T2, T3, T8, T9
-- grain: one row per customer of `raw`
-- reads: raw, $source; the first address is the main one
-- MERGED is the profile that survived a merge, and active. Blank there: nothing, `N/A`, the year 2000, zip code 0.
select
  $source as source,
  customer_id as id,
  case
    when raw.status is distinct from 'DEACTIVATED' then 'active'
    when nullif(nullif(trim(merged_into_customer_id), ''), 'N/A') is not null then 'merged'
    else 'archived'
  end as status,
  nullif(nullif(trim(merged_into_customer_id), ''), 'N/A') as merged_into,
  nullif(nullif(trim(first_name), ''), 'N/A') as first_name,
  nullif(nullif(trim(last_name), ''), 'N/A') as last_name,
  cast(null as varchar) as full_name,
  case
    when regexp_matches(trim(birthday), '^[12][0-9]{3}-[0-9]{2}-[0-9]{2}([T ]|$)')
    then cast(try_cast(substr(trim(birthday), 1, 10) as date) as varchar)
  end as birth_date,
  nullif(nullif(trim(phone), ''), 'N/A') as phone,
  cast(null as varchar) as phone_2,
  nullif(nullif(trim(email), ''), 'N/A') as email,
  cast(null as varchar) as email_2,
  nullif(nullif(trim(addresses[1].street1), ''), 'N/A') as street,
  nullif(nullif(trim(addresses[1].street2), ''), 'N/A') as street_2,
  nullif(nullif(trim(addresses[1].city), ''), 'N/A') as city,
  nullif(nullif(trim(addresses[1].state), ''), 'N/A') as region,
  nullif(nullif(nullif(trim(addresses[1].zipcode), ''), 'N/A'), '0') as postal_code,
  cast(null as varchar) as country,
  email_consent,
  cast(null as timestamp) as email_consent_at,
  cast(null as varchar) as sms_consent,
  cast(null as timestamp) as sms_consent_at,
  cast(null as varchar) as group_name,
  nullif(array_to_string(list_sort(list_distinct(customer_groups)), ';'), '') as tags,
  nullif(nullif(trim(notes), ''), 'N/A') as note,
  cast([] as struct(key varchar, id varchar, state varchar)[]) as links,
  cast(null as boolean) as has_purchased,
  try_cast(nullif(trim(last_visit_date), '2000-01-01 00:00:00.000') as timestamp) as last_seen_at,
  verification_status = 'VERIFIED' as verified,
  try_cast(signup_date as timestamptz) at time zone 'UTC' as created_at,
  try_cast(last_update as timestamptz) at time zone 'UTC' as updated_at,
  cast(null as varchar) as external_id,
  points
from raw;
