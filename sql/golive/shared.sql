-- title: every number on several profiles of one POS source, the proposed survivor first
-- rules: T9, G6, G11
-- grain: one row per POS source, number and profile
-- `place` 1 is the survivor: active, verified, latest visit, lowest id; in a household, who keeps the number.
-- Ids compare numerically when all are digits, and come first; others as text, with each number in them padded: S9, S10.

with held as (
  select distinct k.source, k.key, k.n
  from all_keys as k
  join sources as s on s.source = k.source and s.role = 'pos' and s.usable
  where k.key_kind = 'phone' and k.in_play
),
several as (
  select source, key
  from held
  group by source, key
  having count(*) > 1
),
torn as (
  select a.source, a.key
  from pairs as p
  join held as a on a.n = p.left_n
  join held as b on b.n = p.right_n and b.source = a.source and b.key = a.key
  where p.outcome = 'household'
  group by a.source, a.key
)
select
  h.source, h.key as phone, w.id, p.first_name, p.last_name, p.full_name, p.status, p.verified,
  strftime(p.last_seen_at, '%Y-%m-%d') as last_visit, p.points, p.credit,
  t.key is not null as household, o.key is not null as placeholder,
  row_number() over (
    partition by h.source, h.key order by p.verified desc nulls last, p.last_seen_at desc nulls last,
      case when regexp_matches(w.id, '^[0-9]{1,38}$') then cast(w.id as decimal(38, 0)) end nulls last,
      regexp_replace(regexp_replace(w.id, '([0-9]+)', '0000000000000000000\1', 'g'), '0*([0-9]{20,})', '\1', 'g'), w.id
  ) as place
from several as v
join held as h on h.source = v.source and h.key = v.key
join people as w on w.n = h.n
join profiles as p on p.source = w.source and p.id = w.id
left join torn as t on t.source = h.source and t.key = h.key
left join placeholders as o on o.source = h.source and o.key_kind = 'phone' and o.key = h.key
order by h.source, h.key, place
