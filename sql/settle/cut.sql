-- title: the part of the shaped exports in which the plan is tried out
-- rules: W2, M14
-- Parameters: none. Reads `near_groups` (n, label): the connected components of `near_edges`.

-- grain: one row per profile of the copy. `alone`: it is there only to say what its source knows at all (that anybody has a phone
-- there, which groups there are), or stands for nobody; nothing planned for it counts
create table cut as
with labels as (
  select distinct g.label
  from near_groups as g
  join near_seeds as s on s.n = g.n
),
near as (
  select g.n
  from near_groups as g
  join labels as l on l.label = g.label
),
first_of as (
  select min(case when first_key is not null then n end) as first_name, min(case when last_key is not null then n end) as last_name,
    min(case when birth_key is not null then n end) as birth_date, min(case when phone_key is not null then n end) as phone,
    min(case when email_key is not null then n end) as email, min(case when address_key is not null then n end) as address
  from people
  group by source
),
witnesses as (
  select first_name as n from first_of
  union
  select last_name as n from first_of
  union
  select birth_date as n from first_of
  union
  select phone as n from first_of
  union
  select email as n from first_of
  union
  select address as n from first_of
  union
  select min(w.n) as n
  from people as w
  join profiles as p on p.source = w.source and p.id = w.id
  where p.group_name is not null and p.status = 'active'
  group by p.source, p.group_name
)
select w.source, w.id, false as alone
from people as w
join near as x on x.n = w.n
union all
select w.source, w.id, true as alone
from people as w
join witnesses as x on x.n = w.n
left join near as y on y.n = w.n
where y.n is null
union all
select p.source, p.id, true as alone
from profiles as p
join standins as i on i.source = p.source and i.id = p.id;

-- grain: one row per profile that the copy gets: the witnesses without their links, which lead out of it
create table cut_profiles as
select p.source, p.id, p.status, p.merged_into, p.first_name, p.last_name, p.full_name, p.birth_date, p.phone, p.phone_2, p.email, p.email_2,
  p.street, p.street_2, p.city, p.region, p.postal_code, p.country, p.email_consent, p.email_consent_at, p.sms_consent, p.sms_consent_at,
  p.group_name, p.tags, p.note, case when c.alone then null else p.links end as links, p.has_purchased, p.last_seen_at, p.verified,
  p.created_at, p.updated_at, p.external_id, p.email_consent_how, p.sms_consent_how, p.points, p.credit
from profiles as p
join cut as c on c.source = p.source and c.id = p.id;

-- grain: one row per remembered opt-out that may concern somebody of the copy
create table cut_outs as
with named as (
  select source, id, channel, source as who_source, id as who_id from next_outs
  union
  select u.source, u.id, u.channel, u.who.source as who_source, u.who.id as who_id
  from (select source, id, channel, unnest(covers) as who from next_outs) as u
  union
  select o.source, o.id, o.channel, e.source as who_source, e.id as who_id
  from entities as e
  join next_outs as o on o.entity_id = e.entity_id
),
wanted as (
  select distinct n.source, n.id, n.channel
  from named as n
  join cut as c on c.source = n.who_source and c.id = n.who_id and not c.alone
)
select o.source, o.id, o.channel, o.nth, o.first_seen, o.said_at, o.raised_on, o.entity_id, o.covers
from next_outs as o
join wanted as w on w.source = o.source and w.id = o.id and w.channel = o.channel;
