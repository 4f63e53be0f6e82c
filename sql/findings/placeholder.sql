-- title: A value that stands for nobody
-- rules: G5, C4
-- severity: low
-- who: store
-- grain: one row per source and placeholder
-- todo: Ask the till staff to leave the field empty instead.
-- todo: One that was learned and shall stay one goes into `match.placeholders.list`; one that is a customer's own after all: raise `shared_by`.
-- Parameters: $key.

with holding as (
  select h.source, h.key_kind, h.key, h.why, h.pattern, h.people, k.n
  from all_keys as k
  join placeholders as h on h.source = k.source and h.key_kind = k.key_kind and h.key = k.key
  where k.in_play
),
holders as (
  select h.source, h.key_kind, h.key, h.why, h.pattern, h.people, w.n, w.id,
    row_number() over (partition by h.source, h.key_kind, h.key order by w.id) as place
  from people as w
  join holding as h on h.n = w.n
)
select
  '' as pairing, key_kind as field,
  concat(source, '|', sha256(concat($key, '|', key))) as anchor,
  list_sort(list(concat(source, ':', id)) filter (where place <= 50)) as members,
  source as store_source,
  list_concat([
    struct_pack(name := key_kind, value := key),
    struct_pack(name := 'count', value := cast(count(*) as varchar)),
    struct_pack(name := 'reason', value := case
      when contains(max(pattern), '%') then 'by pattern: it is no contact of anybody'
      when why = 'listed' then 'by list: it is written there'
      when why = 'shared' then concat('learned tonight: ', cast(max(people) as varchar), ' clearly different people of this source share it')
      else 'learned tonight: a crowd of this source shares it, whoever they are' end)
  ], case when contains(max(pattern), '%') then [struct_pack(name := 'pattern', value := replace(max(pattern), '%', '*'))] else [] end) as evidence,
  'it is no key of anybody; nothing was matched on it' as proposal,
  '' as blocked_by
from holders
where key_kind in ('phone', 'email')
group by source, key_kind, key, why
