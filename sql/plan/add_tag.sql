-- title: mark the POS profile that was just linked
-- rules: M6
-- grain: one row per profile that is linked tonight and lacks the pairing's tags
-- action: add_tag
-- policy: add_tag
-- reversible: fully

with wanted as (
  select pairing, list(marker) as markers
  from markers
  where what = 'tag'
  group by pairing
)
select
  r.pairing, r.pos_source as source, r.pos_id as profile_id,
  r.kind,
  '' as field,
  r.anchor,
  concat('add_tag|', r.pos_source, ':', r.pos_id) as make_key,
  concat('relink|', r.ecom_source, ':', r.ecom_id, '|', r.pos_source) as after_key,
  [struct_pack(name := 'tags', value := p.tags)] as before,
  [struct_pack(name := 'tags', value := array_to_string(list_sort(list_distinct(list_concat(
    case when coalesce(p.tags, '') = '' then cast([] as varchar[]) else string_split(p.tags, ';') end, w.markers))), ';'))] as after,
  'linked to the shop' as why, '' as pick,
  r.blocked_by,
  cast(null as varchar) as origin, cast([] as struct(name varchar, value varchar)[]) as origin_view
from relinks as r
join pairings as l on l.pairing = r.pairing and l.pos = r.pos_source and not l.vendor_sync
join wanted as w on w.pairing = r.pairing
join profiles as p on p.source = r.pos_source and p.id = r.pos_id
join capabilities as c on c.source = r.pos_source and c.what = 'action' and c.name = 'add_tag'
where r.pos_id is not null
  and not list_has_all(case when coalesce(p.tags, '') = '' then cast([] as varchar[]) else string_split(p.tags, ';') end, w.markers)
