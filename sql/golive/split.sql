-- title: one person with different phones per POS source: sign-up would find only one of them
-- rules: T4, T9
-- grain: one row per entity and POS profile

with phones_of as (
  select e.entity_id, w.source, w.id, w.n, w.phone_key
  from entities as e
  join people as w on w.source = e.source and w.id = e.id and w.in_play
  join sources as s on s.source = w.source and s.role = 'pos'
  where w.phone_key is not null
),
split as (
  select entity_id
  from phones_of
  group by entity_id
  having count(distinct phone_key) > 1 and count(distinct source) > 1
)
select o.entity_id, o.source, o.id, o.phone_key as phone, p.first_name, p.last_name, p.full_name, p.status, p.verified,
  strftime(p.last_seen_at, '%Y-%m-%d') as last_visit, p.points, p.credit
from split as s
join phones_of as o on o.entity_id = s.entity_id
join profiles as p on p.source = o.source and p.id = o.id
order by o.entity_id, o.source, o.id
