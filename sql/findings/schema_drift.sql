-- title: The vendor sends fields that rollcall does not know
-- rules: G11
-- severity: info
-- who: operator
-- grain: one row per source and unknown field
-- todo: Nothing was kept of it but its name. In a file it may be a known field under another heading: name it under `columns:` of the source.
-- todo: Tell the maintainers of any other that matters.

select
  '' as pairing, u.name as field,
  concat(u.source, '|', u.name, '|', u.type) as anchor,
  cast([] as varchar[]) as members,
  u.source as store_source,
  [struct_pack(name := 'type', value := u.type), struct_pack(name := 'count', value := cast(u.seen as varchar))] as evidence,
  'the field is not read' as proposal,
  '' as blocked_by
from unknown_fields as u
