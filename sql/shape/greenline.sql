-- title: BLAZE Greenline customers as profiles
-- rules: G9, G11, M12
-- grain: one row per customer of `raw`
-- reads: raw, $source; only the full name is sure to be there
select
  $source as source,
  id,
  case when isArchived then 'archived' else 'active' end as status,
  cast(null as varchar) as merged_into,
  nullif(trim(firstName), '') as first_name,
  nullif(trim(lastName), '') as last_name,
  nullif(trim(name), '') as full_name,
  case
    when regexp_matches(trim(birthday), '^[12][0-9]{3}-[0-9]{2}-[0-9]{2}([T ]|$)')
    then cast(try_cast(substr(trim(birthday), 1, 10) as date) as varchar)
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
  case when marketingEmailOptIn is null then 'unknown' when marketingEmailOptIn then 'in' else 'out' end as email_consent,
  cast(null as timestamp) as email_consent_at,
  case when marketingSmsOptIn is null then 'unknown' when marketingSmsOptIn then 'in' else 'out' end as sms_consent,
  cast(null as timestamp) as sms_consent_at,
  cast(null as varchar) as group_name,
  cast(null as varchar) as tags,
  nullif(trim(notes), '') as note,
  cast([] as struct(key varchar, id varchar, state varchar)[]) as links,
  cast(null as boolean) as has_purchased,
  cast(null as timestamp) as last_seen_at,
  cast(null as boolean) as verified,
  try_cast(createdAt as timestamptz) at time zone 'UTC' as created_at,
  try_cast(updatedAt as timestamptz) at time zone 'UTC' as updated_at,
  cast(null as varchar) as external_id,
  points,
  credit
from raw;
