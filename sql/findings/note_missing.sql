-- title: The note that protects the profile is missing
-- rules: T8
-- severity: medium
-- who: store
-- grain: one row per attested link to a profile in play
-- approve: Approve the correction; the text that is there stays.
-- by_hand: Add the note to the profile by hand; the text that is there stays.

with marked as (
  select l.pairing, l.ecom_source, l.ecom_id, l.pos_source, l.pos_id, m.marker
  from links as l
  join markers as m on m.pairing = l.pairing and m.what = 'note'
  -- whether ECOM leaves a note in Greenline is not public
  join sources as s on s.source = l.pos_source and s.kind <> 'greenline'
  where l.origin = 'attested' and l.state = 'active'
)
select
  l.pairing, 'note' as field,
  concat(l.pairing, '|', l.ecom_source, ':', l.ecom_id, '|', l.pos_source, ':', l.pos_id) as anchor,
  [concat(l.ecom_source, ':', l.ecom_id), concat(l.pos_source, ':', l.pos_id)] as members,
  l.pos_source as store_source,
  [struct_pack(name := 'marker', value := l.marker)] as evidence,
  concat('add the note: ', l.marker) as proposal,
  '' as blocked_by
from profiles as p
join marked as l on l.pos_source = p.source and l.pos_id = p.id
left join lost_fields as y on y.source = p.source and y.field = 'note'
where p.status = 'active' and y.source is null and not contains(coalesce(p.note, ''), l.marker)
