-- title: One contact, clearly different people
-- rules: G6
-- severity: low
-- grain: one row per phone or email that clearly different people hold; who is tied by a stored link is one person
-- todo: Nothing is merged. Where it is one person after all, say so: rollcall decide same.
-- todo: Where the shop insists on a number of one's own, ask the family who keeps it.
-- Parameters: $key.

with torn as (
  select distinct a.key_kind, a.key
  from pairs as p
  join keys as a on a.n = p.left_n and a.in_play
  join keys as b on b.n = p.right_n and b.in_play and b.key_kind = a.key_kind and b.key = a.key
  left join attested_states as l
    on least(l.ecom_n, l.pos_n) = p.left_n and greatest(l.ecom_n, l.pos_n) = p.right_n and l.state = 'active'
  where p.outcome = 'household' and l.ecom_n is null
)
select
  '' as pairing, t.key_kind as field,
  sha256(concat($key, '|', t.key)) as anchor,
  list_sort(list(concat(w.source, ':', w.id))) as members,
  min(w.source) as store_source,
  list_sort(list(distinct struct_pack(name := concat('first_name@', w.source, ':', w.id), value := coalesce(w.first_key, ''))))
    as evidence,
  'these are different people; they stay apart' as proposal,
  '' as blocked_by
from torn as t
join keys as k on k.key_kind = t.key_kind and k.key = t.key and k.in_play
join people as w on w.n = k.n
where t.key_kind in ('phone', 'email')
group by t.key_kind, t.key
