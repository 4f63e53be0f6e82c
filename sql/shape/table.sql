-- title: canonical columns of a file, shaped into profiles
-- grain: one row per landed row
-- reads: raw, $source
-- A column that the file lacks is null; an empty cell is ''. Of consent, only the first means "channel not known here" (G9b).
select
  $source as source,
  id,
  case when lower(trim(status)) in ('active', 'archived', 'deleted', 'merged') then lower(trim(status)) else 'active' end as status,
  cast(null as varchar) as merged_into,
  nullif(trim(first_name), '') as first_name,
  nullif(trim(last_name), '') as last_name,
  nullif(trim(full_name), '') as full_name,
  case
    when regexp_matches(trim(birth_date), '^[12][0-9]{3}-[0-9]{2}-[0-9]{2}([T ]|$)')
    then cast(try_cast(substr(trim(birth_date), 1, 10) as date) as varchar)
  end as birth_date,
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
  case when email_consent is null then null
    when lower(trim(email_consent)) in ('in', 'out', 'pending', 'unknown', 'erased') then lower(trim(email_consent))
    else 'unknown' end as email_consent,
  cast(null as timestamp) as email_consent_at,
  case when sms_consent is null then null
    when lower(trim(sms_consent)) in ('in', 'out', 'pending', 'unknown', 'erased') then lower(trim(sms_consent))
    else 'unknown' end as sms_consent,
  cast(null as timestamp) as sms_consent_at,
  nullif(trim("group"), '') as group_name,
  nullif(array_to_string(list_sort(list_distinct(list_filter(
    list_transform(string_split(tags, ';'), lambda tag: trim(tag)), lambda tag: tag <> ''))), ';'), '') as tags,
  nullif(trim(note), '') as note,
  cast([] as struct(key varchar, id varchar, state varchar)[]) as links,
  case when lower(trim(has_purchased)) in ('true', 'yes', 'y', '1') then true
    when lower(trim(has_purchased)) in ('false', 'no', 'n', '0') then false end as has_purchased,
  cast(null as timestamp) as last_seen_at,
  cast(null as boolean) as verified,
  case
    when regexp_matches(trim(created_at), '(Z|[+-][0-9]{2}:?[0-9]{2})$')
    then try_cast(trim(created_at) as timestamptz) at time zone 'UTC'
    else try_cast(trim(created_at) as timestamp)
  end as created_at,
  case
    when regexp_matches(trim(updated_at), '(Z|[+-][0-9]{2}:?[0-9]{2})$')
    then try_cast(trim(updated_at) as timestamptz) at time zone 'UTC'
    else try_cast(trim(updated_at) as timestamp)
  end as updated_at,
  nullif(trim(external_id), '') as external_id,
  nullif(trim(points), '') as points,
  nullif(trim(credit), '') as credit
from raw;
