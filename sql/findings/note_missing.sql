-- title: The note that protects the profile is missing
-- rules: T8
-- severity: medium
-- grain: one row per attested link to a profile in play
-- todo: Approve the correction; the text that is there stays.

select
  l.pairing, 'note' as field,
  concat(l.pairing, '|', l.ecom_source, ':', l.ecom_id, '|', l.pos_source, ':', l.pos_id) as anchor,
  [concat(l.ecom_source, ':', l.ecom_id), concat(l.pos_source, ':', l.pos_id)] as members,
  l.pos_source as store_source,
  [struct_pack(name := 'marker', value := m.marker)] as evidence,
  concat('add the note: ', m.marker) as proposal,
  '' as blocked_by
from links as l
join markers as m on m.pairing = l.pairing and m.what = 'note'
join profiles as p on p.source = l.pos_source and p.id = l.pos_id and p.status = 'active'
where l.origin = 'attested' and l.state = 'active' and not contains(coalesce(p.note, ''), m.marker)
