-- title: add the note that protects a linked profile; the text that is there stays
-- rules: T8
-- grain: one row per linked profile without its note
-- action: add_note
-- policy: add_note
-- reversible: fully

select
  l.pairing, l.pos_source as source, l.pos_id as profile_id, 'note_missing' as kind, 'note' as field,
  concat(l.pairing, '|', l.ecom_source, ':', l.ecom_id, '|', l.pos_source, ':', l.pos_id) as anchor,
  concat('add_note|', l.pos_source, ':', l.pos_id) as make_key, '' as after_key,
  [struct_pack(name := 'note', value := p.note)] as before,
  [struct_pack(name := 'note', value := concat_ws(chr(10), p.note, m.marker))] as after,
  'an attested link without its note' as why, '' as pick,
  case when g.correctable then '' else g.why_not_correctable end as blocked_by,
  cast(null as varchar) as origin, cast([] as struct(name varchar, value varchar)[]) as origin_view
from links as l
join markers as m on m.pairing = l.pairing and m.what = 'note'
join sources as s on s.source = l.pos_source and s.kind <> 'greenline'
join pairings as g on g.pairing = l.pairing and g.pos = l.pos_source
join profiles as p on p.source = l.pos_source and p.id = l.pos_id and p.status = 'active'
join capabilities as c on c.source = l.pos_source and c.what = 'action' and c.name = 'add_note'
where l.origin = 'attested' and l.state = 'active' and not contains(coalesce(p.note, ''), m.marker)
