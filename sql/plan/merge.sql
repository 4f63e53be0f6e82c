-- title: fold one profile of a customer into the other, in a system that can
-- rules: G11, G14, M10, T9, T10
-- grain: one row per profile that belongs into another
-- action: merge
-- policy: merge
-- reversible: not
-- lost: the second profile, for good: what it held is kept here for as long as an undo is

with links as (
  select source, survivor_id, loser_id,
    list_sort(list(struct_pack(name := concat('link:', pos_source), value := pos_id))) as facts
  from merged_links
  group by source, survivor_id, loser_id
)
select
  m.pairing, m.source, m.loser_id as profile_id, m.kind, m.field, m.anchor,
  concat('merge|', m.source, ':', m.loser_id, '|', m.survivor_id) as make_key, '' as after_key,
  -- what is lost or moved with it is kept, sealed: nobody could read it again
  list_concat([
    struct_pack(name := 'first_name', value := p.first_name), struct_pack(name := 'last_name', value := p.last_name),
    struct_pack(name := 'birth_date', value := p.birth_date), struct_pack(name := 'phone', value := p.phone),
    struct_pack(name := 'email', value := p.email), struct_pack(name := 'note', value := p.note),
    struct_pack(name := 'email_consent', value := p.email_consent), struct_pack(name := 'sms_consent', value := p.sms_consent),
    struct_pack(name := 'points', value := p.points), struct_pack(name := 'credit', value := p.credit)
  ], coalesce(l.facts, cast([] as struct(name varchar, value varchar)[]))) as before,
  [struct_pack(name := 'merged_into', value := m.survivor_id)] as after,
  concat('one customer on two profiles: ', m.source, ':', m.survivor_id, ' stays') as why, '' as pick,
  b.blocked_by, concat(m.source, ':', m.survivor_id) as origin,
  [
    struct_pack(name := 'status', value := s.status), struct_pack(name := 'first_name', value := s.first_name),
    struct_pack(name := 'last_name', value := s.last_name), struct_pack(name := 'birth_date', value := s.birth_date),
    struct_pack(name := 'phone', value := s.phone), struct_pack(name := 'email', value := s.email),
    struct_pack(name := 'email_consent', value := s.email_consent), struct_pack(name := 'sms_consent', value := s.sms_consent),
    struct_pack(name := 'points', value := s.points), struct_pack(name := 'credit', value := s.credit)
  ] as origin_view
from mergers as m
join merge_blocks as b on b.source = m.source and b.survivor_id = m.survivor_id and b.loser_id = m.loser_id
join profiles as p on p.source = m.source and p.id = m.loser_id
join profiles as s on s.source = m.source and s.id = m.survivor_id
join capabilities as c on c.source = m.source and c.what = 'action' and c.name = 'merge'
left join links as l on l.source = m.source and l.survivor_id = m.survivor_id and l.loser_id = m.loser_id
