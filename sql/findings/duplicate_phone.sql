-- title: One customer on several profiles with one phone
-- rules: M5, M10, T9, T10
-- severity: medium
-- grain: one row per source and phone
-- todo: Open the profiles side by side.
-- todo: Keep the proposed one; merge the others into it in the system itself, or correct the phone on the wrong one.
-- Parameters: $key.

with sharing as (
  select distinct k.source, k.key, k.n
  from keys as k
  join keys as o on o.source = k.source and o.key_kind = k.key_kind and o.key = k.key and o.n <> k.n and o.in_play
  join pairs as p on p.left_n = least(k.n, o.n) and p.right_n = greatest(k.n, o.n) and p.outcome in ('link', 'candidate')
  where k.key_kind = 'phone' and k.in_play
),
ranked as (
  select s.source, s.key, w.id, p.verified, p.last_seen_at, coalesce(l.tied, 0) as tied,
    row_number() over (
      partition by s.source, s.key
      order by coalesce(l.tied, 0) desc, p.verified desc nulls last, p.last_seen_at desc nulls last, length(w.id), w.id
    ) as place
  from sharing as s
  join people as w on w.n = s.n
  join profiles as p on p.source = w.source and p.id = w.id
  left join (select distinct pos_n, 1 as tied from attested_states) as l on l.pos_n = s.n
)
select
  '' as pairing, 'phone' as field,
  concat(source, '|', sha256(concat($key, '|', key))) as anchor,
  list_sort(list(concat(source, ':', id))) as members,
  source as store_source,
  [
    struct_pack(name := 'phone', value := key),
    struct_pack(name := 'count', value := cast(count(*) as varchar)),
    struct_pack(name := 'survivor', value := max(case when place = 1 then concat(source, ':', id) end)),
    struct_pack(name := 'survivor_reason', value := max(case when place = 1 then concat_ws(', ',
      case when tied = 1 then 'linked to the shop' end, case when verified then 'verified' end,
      case when last_seen_at is not null then 'latest visit' end, 'lowest id') end))
  ] as evidence,
  concat('keep ', max(case when place = 1 then concat(source, ':', id) end), ' and merge the others into it') as proposal,
  '' as blocked_by
from ranked
group by source, key
having count(*) > 1
