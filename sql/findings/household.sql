-- title: One contact, clearly different people
-- rules: G6
-- severity: low
-- who: store
-- grain: one row per phone or email that clearly different people hold; who is tied by a stored link is one person
-- todo: Nothing is merged. Where it is one person after all, say so: rollcall decide same pair SOURCE:ID SOURCE:ID --why …
-- todo: Where the shop insists on a number of one's own, ask the family who keeps it.
-- Parameters: $key.

with strangers as (
  select p.left_n, p.right_n
  from pairs as p
  left join attested_states as l
    on least(l.ecom_n, l.pos_n) = p.left_n and greatest(l.ecom_n, l.pos_n) = p.right_n and l.state = 'active'
  where p.outcome = 'household' and l.ecom_n is null
),
lefts as (
  select p.right_n, k.key_kind, k.key
  from keys as k
  join strangers as p on p.left_n = k.n
  where k.in_play
),
torn as (
  select distinct k.key_kind, k.key
  from keys as k
  join lefts as l on l.right_n = k.n and l.key_kind = k.key_kind and l.key = k.key
  where k.in_play
),
holders as (
  select t.key_kind, t.key, k.n
  from keys as k
  join torn as t on t.key_kind = k.key_kind and t.key = k.key
  where k.in_play and t.key_kind in ('phone', 'email')
)
select
  '' as pairing, h.key_kind as field,
  sha256(concat($key, '|', h.key)) as anchor,
  list_sort(list(concat(w.source, ':', w.id))) as members,
  min(w.source) as store_source,
  list_sort(list(distinct struct_pack(name := concat('first_name@', w.source, ':', w.id), value := coalesce(w.first_key, ''))))
    as evidence,
  'these are different people; they stay apart' as proposal,
  '' as blocked_by
from people as w
join holders as h on h.n = w.n
group by h.key_kind, h.key
