-- title: A field that the source always sent is on no profile any more
-- rules: G11, G13
-- severity: high
-- who: operator
-- grain: one row per source and field that many had on an earlier certified night and nobody has tonight
-- todo: Find out whether the vendor renamed or withdrew the field, or the export file lost a column.
-- todo: Where it was emptied on purpose: accept the finding; from the next night on it counts as blank. Until then nothing is written there.

select
  '' as pairing, l.field,
  concat(l.source, '|', l.field) as anchor,
  cast([] as varchar[]) as members,
  l.source as store_source,
  [struct_pack(name := 'count', value := concat(cast(l.seen as varchar), ' before, none tonight'))] as evidence,
  'nobody is taken to be blank there: it is neither drift nor carried over' as proposal,
  '' as blocked_by
from lost_fields as l
