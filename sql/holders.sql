-- title: who holds the values that a plan would write, and who has to give one up first
-- rules: C1, C3, C4, G6, G8, M12, T10
-- Parameters: none.

-- grain: one row per verdict whose phone or email one other profile of the target holds, and may give up: it holds it as its first, and
-- nothing that it is linked with says that it is theirs. `own_key`: the correction of its own that frees the value anyway
create table clears as
with wanted as (
  select v.anchor, v.field, v.target_source, v.target_id, v.origin_source, v.new_key
  from verdicts as v
  where v.taken_by is not null and v.blocked_by = concat(v.target_source, ':', v.taken_by, ' holds the value')
),
holders as (
  select w.anchor, w.field, w.target_source, w.target_id, w.new_key, k.n
  from all_keys as k
  join wanted as w on w.target_source = k.source and w.field = k.key_kind and w.new_key = k.key
  where k.in_play
),
others as (
  select h.anchor, h.field, h.target_source, h.target_id, h.new_key, p.n, p.id, case when h.field = 'phone' then p.phone_key else p.email_key end as own_value,
    count(*) over (partition by h.anchor, h.field) as found
  from people as p
  join holders as h on h.n = p.n and h.target_id <> p.id
),
known as (
  select t.pairing, t.pos_source, t.ecom_n, t.pos_n, c.ecom_n is not null as crossed
  from ties as t
  left join crossed_links as c on c.pairing = t.pairing and c.ecom_n = t.ecom_n and c.pos_n = t.pos_n
),
sides as (
  select pairing, pos_source, ecom_n as n, pos_n as other_n, false as at_pos, crossed from known
  union all
  select pairing, pos_source, pos_n as n, ecom_n as other_n, true as at_pos, crossed from known
),
linked as (
  select o.anchor, o.field, max(case when case when o.field = 'phone' then p.phone_key else p.email_key end = o.new_key then 1 else 0 end) as backed,
    -- whom a crossed link speaks for is not known
    max(case when x.crossed then 1 else 0 end) as crossed,
    -- C1: contact data of a Mission Control customer is freed where it is changed
    max(case when x.at_pos and y.wins = 'mission_control' and l.contact_way <> 'pos' then 1 else 0 end) as elsewhere
  from people as p
  join sides as x on x.other_n = p.n
  join others as o on o.n = x.n
  join pairings as l on l.pairing = x.pairing and l.pos = x.pos_source
  left join field_policies as y on y.pairing = x.pairing and y.field = o.field
  group by o.anchor, o.field
),
-- what the holder is to get instead; where that waits for somebody itself, a person sees to it
own as (
  select o.anchor, o.field, min(concat('update|', v.target_source, ':', v.target_id, '|', v.field, '|', v.origin_source)) as own_key,
    max(case when v.task or v.blocked_by <> '' then 1 else 0 end) as waits
  from others as o
  join verdicts as v on v.target_source = o.target_source and v.target_id = o.id and v.field = o.field and v.new_key is distinct from o.new_key
  group by o.anchor, o.field
)
select
  o.anchor, o.field, o.target_source as source, o.id, o.own_value, w.own_key, e.entity_id = g.entity_id as same_person, l.anchor is not null as linked,
  q.name is not null as required
from others as o
join entities as e on e.n = o.n
join people as t on t.source = o.target_source and t.id = o.target_id
join entities as g on g.n = t.n
-- ECOM takes no blank contact (C1)
join sources as s on s.source = o.target_source and s.kind <> 'blaze_ecom'
join capabilities as u on u.source = o.target_source and u.what = 'action' and u.name = 'update'
join capabilities as f on f.source = o.target_source and f.what = 'field' and f.name = o.field
left join capabilities as q on q.source = o.target_source and q.what = 'required' and q.name = o.field
-- what an import does with an empty cell is nobody's promise
left join capabilities as z on z.source = o.target_source and z.what = 'way' and z.name = 'file'
left join linked as l on l.anchor = o.anchor and l.field = o.field
left join own as w on w.anchor = o.anchor and w.field = o.field
where o.found = 1 and o.own_value = o.new_key and coalesce(l.backed, 0) = 0 and coalesce(l.crossed, 0) = 0 and coalesce(l.elsewhere, 0) = 0 and coalesce(w.waits, 0) = 0
  and (w.own_key is not null or (z.name is null and (q.name is null or o.field = 'email')));

-- grain: one row per shop profile and POS source: why it can be neither created nor linked there. Somebody there has its phone or email,
-- and applying would hand it back (the profile whose place it takes is in nobody's way, M12); or one of the two no longer sends
-- what customers are found by there, or what one must have (G13)
create table in_the_way as
with made as (
  select r.pairing, r.ecom_n, r.pos_source, r.old_id, e.phone_key, e.email_key
  from people as e
  join relinks as r on r.ecom_n = e.n
  where r.pos_id is null and r.lacks = '' and r.blocked_by = ''
),
keyed as (
  select pairing, ecom_n, pos_source, old_id, 'phone' as key_kind, phone_key as key from made where phone_key is not null
  union all
  select pairing, ecom_n, pos_source, old_id, 'email' as key_kind, email_key as key from made where email_key is not null
),
found as (
  select m.pairing, m.ecom_n, m.pos_source, m.old_id, m.key_kind, k.n
  from all_keys as k
  join keyed as m on m.pos_source = k.source and m.key_kind = k.key_kind and m.key = k.key
),
taken as (
  select f.pairing, f.ecom_n, f.pos_source, concat(f.pos_source, ':', p.id, ' holds the ', f.key_kind, ' already: a person says who it is') as why
  from people as p
  join found as f on f.n = p.n and p.id is distinct from f.old_id
),
unsent as (
  select l.pairing, l.pos, y.source, y.field
  from pairings as l
  join match_rules as m on m.pairing = l.pairing
  join lost_fields as y on y.field = m.key_kind and y.source in (l.ecom, l.pos)
  union
  select l.pairing, l.pos, y.source, y.field
  from pairings as l
  join capabilities as c on c.source = l.pos and c.what = 'required'
  join lost_fields as y on y.field = c.name and y.source = l.ecom
)
select pairing, ecom_n, pos_source, min(why) as why
from (
  select * from taken
  union all
  select r.pairing, r.ecom_n, r.pos_source, concat(u.source, ' no longer sends the ', replace(u.field, '_', ' '), ': nobody knows who is there') as why
  from relinks as r
  join unsent as u on u.pairing = r.pairing and u.pos = r.pos_source
  where r.rule is distinct from 'merge'
) as w
group by pairing, ecom_n, pos_source;
