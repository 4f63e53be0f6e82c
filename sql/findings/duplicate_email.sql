-- title: One customer on several profiles with one email
-- rules: G6, M5, M10, T9, T10
-- severity: medium
-- who: store
-- grain: one row per source, email and person on several profiles
-- todo: Open the profiles side by side.
-- todo: Keep the proposed one; merge the others into it in the system itself, or correct the email on the wrong one.
-- Parameters: $key.

select
  '' as pairing, 'email' as field,
  -- one email may stand for two people twice each: the first keeps the anchor of the value
  concat(source, '|', sha256(concat($key, '|', key)), case when further then concat('|', entity_id) else '' end) as anchor,
  list_sort(list(concat(source, ':', id))) as members,
  source as store_source,
  [
    struct_pack(name := 'email', value := key),
    struct_pack(name := 'count', value := cast(count(*) as varchar)),
    struct_pack(name := 'survivor', value := max(case when place = 1 then concat(source, ':', id) end)),
    struct_pack(name := 'survivor_reason', value := max(case when place = 1 then concat_ws(', ',
      case when tied then 'linked to the other side' end, case when verified then 'verified' end,
      case when seen then 'latest visit' end, 'lowest id') end))
  ] as evidence,
  case when torn then 'not all of these look like one person: a person sorts out who is who'
    else concat('keep ', max(case when place = 1 then concat(source, ':', id) end), ' and merge the others into it') end as proposal,
  '' as blocked_by
from duplicates
where key_kind = 'email'
group by source, key, entity_id, further, torn
