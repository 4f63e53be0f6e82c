-- title: the profiles as they read once all of `writes` is written
-- rules: W2
-- Parameters: none.

-- grain: one row per profile; what is written has the time of the export, as a vendor would stamp it
create table applied as
with now as (
  select max(taken_at) as at
  from sources
),
fields as (
  select source, id, list(name) as names,
    max(case when name = 'status' then value end) as status,
    max(case when name = 'first_name' then value end) as first_name, max(case when name = 'last_name' then value end) as last_name,
    max(case when name = 'birth_date' then value end) as birth_date, max(case when name = 'phone' then value end) as phone,
    max(case when name = 'email' then value end) as email, max(case when name = 'street' then value end) as street,
    max(case when name = 'street_2' then value end) as street_2, max(case when name = 'city' then value end) as city,
    max(case when name = 'region' then value end) as region, max(case when name = 'postal_code' then value end) as postal_code,
    max(case when name = 'country' then value end) as country, max(case when name = 'email_consent' then value end) as email_consent,
    max(case when name = 'sms_consent' then value end) as sms_consent, max(case when name = 'group' then value end) as group_name,
    max(case when name = 'tags' then value end) as tags, max(case when name = 'note' then value end) as note
  from writes
  group by source, id
),
stored as (
  select w.source, w.id, list(k.key) as keys
  from writes as w
  join link_keys as k on k.source = w.source and w.name = concat('link:', k.pos_source)
  group by w.source, w.id
),
named as (
  select w.source, w.id, w.value, min(k.key) as key
  from writes as w
  join link_keys as k on k.source = w.source and w.name = concat('link:', k.pos_source)
  where w.value is not null
  group by w.source, w.id, w.name, w.value
),
linked as (
  select source, id, list(struct_pack(key := key, id := value, state := cast(null as varchar))) as links
  from named
  group by source, id
),
known as (
  select p.source, p.id, p.status, p.merged_into, p.first_name, p.last_name, p.full_name, p.birth_date, p.phone, p.phone_2, p.email, p.email_2,
    p.street, p.street_2, p.city, p.region, p.postal_code, p.country, p.email_consent, p.email_consent_at, p.sms_consent, p.sms_consent_at,
    p.group_name, p.tags, p.note, p.links, p.has_purchased, p.last_seen_at, p.verified, p.created_at, p.updated_at, p.external_id,
    p.email_consent_how, p.sms_consent_how, p.points, p.credit
  from profiles as p
  union all
  select w.source, w.id, 'active' as status, null as merged_into, null as first_name, null as last_name, null as full_name, null as birth_date,
    null as phone, null as phone_2, null as email, null as email_2, null as street, null as street_2, null as city, null as region,
    null as postal_code, null as country, null as email_consent, null as email_consent_at, null as sms_consent, null as sms_consent_at,
    null as group_name, null as tags, null as note, null as links, null as has_purchased, null as last_seen_at, null as verified,
    n.at as created_at, n.at as updated_at, null as external_id, null as email_consent_how, null as sms_consent_how, null as points, null as credit
  from (select distinct source, id from writes where made) as w
  cross join now as n
)
select
  p.source, p.id,
  case when list_contains(w.names, 'status') then w.status else p.status end as status, p.merged_into,
  case when list_contains(w.names, 'first_name') then w.first_name else p.first_name end as first_name,
  case when list_contains(w.names, 'last_name') then w.last_name else p.last_name end as last_name, p.full_name,
  case when list_contains(w.names, 'birth_date') then w.birth_date else p.birth_date end as birth_date,
  case when list_contains(w.names, 'phone') then w.phone else p.phone end as phone, p.phone_2,
  case when list_contains(w.names, 'email') then w.email else p.email end as email, p.email_2,
  case when list_contains(w.names, 'street') then w.street else p.street end as street,
  case when list_contains(w.names, 'street_2') then w.street_2 else p.street_2 end as street_2,
  case when list_contains(w.names, 'city') then w.city else p.city end as city,
  case when list_contains(w.names, 'region') then w.region else p.region end as region,
  case when list_contains(w.names, 'postal_code') then w.postal_code else p.postal_code end as postal_code,
  case when list_contains(w.names, 'country') then w.country else p.country end as country,
  case when list_contains(w.names, 'email_consent') then w.email_consent else p.email_consent end as email_consent,
  case when list_contains(w.names, 'email_consent') and p.email_consent_at is not null then n.at else p.email_consent_at end as email_consent_at,
  case when list_contains(w.names, 'sms_consent') then w.sms_consent else p.sms_consent end as sms_consent,
  case when list_contains(w.names, 'sms_consent') and p.sms_consent_at is not null then n.at else p.sms_consent_at end as sms_consent_at,
  case when list_contains(w.names, 'group') then w.group_name else p.group_name end as group_name,
  case when list_contains(w.names, 'tags') then w.tags else p.tags end as tags,
  case when list_contains(w.names, 'note') then w.note else p.note end as note,
  case when s.source is null then p.links
    else list_concat(list_filter(coalesce(p.links, []), lambda u: not list_contains(s.keys, u.key)), coalesce(l.links, [])) end as links,
  p.has_purchased, p.last_seen_at, p.verified, p.created_at,
  case when w.source is null then p.updated_at else n.at end as updated_at, p.external_id,
  case when list_contains(w.names, 'email_consent') then null else p.email_consent_how end as email_consent_how,
  case when list_contains(w.names, 'sms_consent') then null else p.sms_consent_how end as sms_consent_how, p.points, p.credit
from known as p
cross join now as n
left join fields as w on w.source = p.source and w.id = p.id
left join stored as s on s.source = p.source and s.id = p.id
left join linked as l on l.source = p.source and l.id = p.id;

-- what is written is spelled as it compares
insert into phones
select distinct w.value as raw, s.region, w.value as e164, cast(null as varchar) as why
from writes as w
join sources as s on s.source = w.source
left join phones as h on h.raw = w.value and h.region = s.region
where w.name = 'phone' and w.value is not null and h.raw is null;
