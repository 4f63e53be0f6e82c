-- title: A phone that is not one number
-- rules: G3
-- severity: low
-- who: store
-- grain: one row per profile and phone field that does not parse
-- todo: Correct the number in the system; a second number belongs in its own field.

with odd as (
  select p.source, p.id, p.spot, p.raw, ph.why
  from (
    select source, id, phone as raw, 'phone' as spot from profiles
    union all
    select source, id, phone_2 as raw, 'phone_2' as spot from profiles
  ) as p
  join sources as s on s.source = p.source
  join phones as ph on ph.raw = p.raw and ph.region = s.region and ph.e164 is null
)
select
  '' as pairing, 'phone' as field,
  concat(p.source, ':', p.id, '|', p.spot) as anchor,
  [concat(p.source, ':', p.id)] as members,
  p.source as store_source,
  [struct_pack(name := concat('phone@', p.source, ':', p.id), value := p.raw), struct_pack(name := 'reason', value := p.why)] as evidence,
  'it is not used to match, and is never repaired by a guess' as proposal,
  '' as blocked_by
from people as w
join odd as p on p.source = w.source and p.id = w.id
where w.in_play
