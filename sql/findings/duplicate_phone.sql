-- title: One customer on several profiles with one phone
-- rules: G6, G11, M5, M10, T9, T10
-- severity: medium
-- who: store
-- grain: one row per source, phone and person on several profiles
-- todo: Open the profiles side by side.
-- approve: Approve the merge by its own id, or correct the phone on the wrong one; nothing else lets a merge go, and nothing brings it back.
-- by_hand: Keep the proposed one; merge the others into it in the system itself, or correct the phone on the wrong one.
-- Parameters: $key.

select
  '' as pairing, 'phone' as field,
  -- one phone may stand for two people twice each: the first keeps the anchor of the value
  concat(d.source, '|', sha256(concat($key, '|', d.key)), case when d.further then concat('|', d.entity_id) else '' end) as anchor,
  list_sort(list(concat(d.source, ':', d.id))) as members,
  d.source as store_source,
  list_concat([
    struct_pack(name := 'phone', value := d.key),
    struct_pack(name := 'count', value := cast(count(*) as varchar)),
    struct_pack(name := 'survivor', value := max(case when d.place = 1 then concat(d.source, ':', d.id) end)),
    struct_pack(name := 'survivor_reason', value := max(case when d.place = 1 then concat_ws(', ',
      case when d.tied then 'linked to the other side' end, case when d.verified then 'verified' end,
      case when d.seen then 'latest visit' end, 'lowest id') end))
  ], list_sort(flatten(list(b.facts)))) as evidence,
  case when d.torn then 'not all of these look like one person: a person sorts out who is who'
    else concat('keep ', max(case when d.place = 1 then concat(d.source, ':', d.id) end), ' and merge the others into it') end as proposal,
  coalesce(max(x.blocked_by), '') as blocked_by
from duplicates as d
left join balances as b on b.source = d.source and b.id = d.id
left join mergers as m on m.source = d.source and m.kind = 'duplicate_phone' and m.loser_n = d.n
left join merge_blocks as x on x.source = m.source and x.survivor_id = m.survivor_id and x.loser_id = m.loser_id
where d.key_kind = 'phone'
group by d.source, d.key, d.entity_id, d.further, d.torn
