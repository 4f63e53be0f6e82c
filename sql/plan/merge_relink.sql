-- title: after a merge, keep the link that only the other profile had
-- rules: M12, T10
-- grain: one row per merger and POS source to which only the profile that goes is linked
-- action: relink
-- policy: merge
-- reversible: fully

select
  m.pairing, m.source, m.survivor_id as profile_id, m.kind, m.field, m.anchor,
  concat('merged_link|', m.source, ':', m.survivor_id, '|', l.pos_source) as make_key,
  concat('merge|', m.source, ':', m.loser_id, '|', m.survivor_id) as after_key,
  cast([] as struct(name varchar, value varchar)[]) as before,
  [struct_pack(name := concat('link:', l.pos_source), value := l.pos_id)] as after,
  concat('the link of ', m.source, ':', m.loser_id) as why, '' as pick,
  b.blocked_by, cast(null as varchar) as origin, cast([] as struct(name varchar, value varchar)[]) as origin_view
from merged_links as l
join mergers as m on m.source = l.source and m.survivor_id = l.survivor_id and m.loser_id = l.loser_id
join merge_blocks as b on b.source = m.source and b.survivor_id = m.survivor_id and b.loser_id = m.loser_id
join capabilities as c on c.source = m.source and c.what = 'action' and c.name = 'merge'
join capabilities as r on r.source = m.source and r.what = 'action' and r.name = 'relink'
where l.kept_id is null
