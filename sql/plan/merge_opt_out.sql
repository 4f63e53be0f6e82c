-- title: after a merge, keep the customer opted out if either profile was
-- rules: G9, G9b
-- grain: one row per merger and channel of which one of the two was opted out
-- action: opt_out
-- policy: merge
-- reversible: partly
-- lost: the opt-in, which is never written back (G9a)

select
  m.pairing, m.source, m.survivor_id as profile_id, m.kind, m.field, m.anchor,
  concat('merged_out|', m.source, ':', m.survivor_id, '|', o.channel) as make_key,
  concat('merge|', m.source, ':', m.loser_id, '|', m.survivor_id) as after_key,
  -- nothing is judged but that the profile is there: the merge may have moved the consent either way
  cast([] as struct(name varchar, value varchar)[]) as before,
  [struct_pack(name := concat(o.channel, '_consent'), value := 'out')] as after,
  'one of the two profiles was opted out' as why, '' as pick,
  b.blocked_by, cast(null as varchar) as origin, cast([] as struct(name varchar, value varchar)[]) as origin_view
from merged_outs as o
join mergers as m on m.source = o.source and m.survivor_id = o.survivor_id and m.loser_id = o.loser_id
join merge_blocks as b on b.source = m.source and b.survivor_id = m.survivor_id and b.loser_id = m.loser_id
join capabilities as c on c.source = m.source and c.what = 'action' and c.name = 'merge'
where o.word = 'out'
