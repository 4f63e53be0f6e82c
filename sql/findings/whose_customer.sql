-- title: Two systems would take the customer for different profiles
-- rules: W1, T4, M2
-- severity: high
-- who: store
-- grain: one row per shop profile and POS source in which the systems that look there pick different profiles
-- todo: Find out which profile is the customer's. The same person: merge the other into it. Another person: free the phone or email there.
-- todo: Until then an order may land on either profile, depending on the system through which it comes.

with torn as (
  select pairing, ecom_n, pos
  from picks
  group by pairing, ecom_n, pos
  having min(pos_n) < max(pos_n)
),
picked as (
  select p.pairing, p.ecom_n, p.pos, p.pos_id, string_agg(concat(p.system, ' by ', p.key_kind), ', ' order by p.system) as ways
  from picks as p
  join torn as t on t.pairing = p.pairing and t.ecom_n = p.ecom_n and t.pos = p.pos
  group by p.pairing, p.ecom_n, p.pos, p.pos_id
)
select
  p.pairing, '' as field,
  concat(p.pairing, '|', w.source, ':', w.id, '|', p.pos) as anchor,
  list_concat([concat(w.source, ':', w.id)], list_sort(list(concat(p.pos, ':', p.pos_id)))) as members,
  p.pos as store_source,
  list_sort(list(struct_pack(name := concat('rule@', p.pos, ':', p.pos_id), value := p.ways))) as evidence,
  'a person says which profile is the customer''s; nothing is written' as proposal,
  '' as blocked_by
from people as w
join picked as p on p.ecom_n = w.n
group by p.pairing, w.source, w.id, p.pos
