-- title: Records that do not fit what the vendor documents
-- rules: G1, G11
-- severity: medium
-- who: operator
-- grain: one row per source and reason
-- todo: Look at one of them in the system. Where a value is wrong, correct it; where the vendor has changed the format, tell the maintainers.
-- todo: Until then the profile counts as present, and is neither matched nor corrected.

select
  '' as pairing, '' as field,
  concat(q.source, '|', q.reason) as anchor,
  list_sort(list(concat(q.source, ':', q.id)) filter (where q.place <= 50)) as members,
  q.source as store_source,
  [struct_pack(name := 'reason', value := q.reason), struct_pack(name := 'count', value := cast(count(*) as varchar))] as evidence,
  'they are left alone' as proposal,
  '' as blocked_by
from (
  select source, id, reason, row_number() over (partition by source, reason order by id) as place
  from (select distinct source, id, reason from quarantine) as d
) as q
group by q.source, q.reason
