-- title: put the customer into the group of the other side
-- rules: X1, X3
-- grain: one row per link of which one side is in a group and the other in none
-- action: set_group
-- policy: set_group
-- reversible: fully

select
  c.pairing, c.target_source as source, c.target_id as profile_id, 'group_conflict' as kind, 'group' as field, c.anchor,
  concat('set_group|', c.target_source, ':', c.target_id) as make_key, '' as after_key,
  [struct_pack(name := 'group', value := cast(null as varchar))] as before,
  [struct_pack(name := 'group', value := c.new_group)] as after,
  'in a group on the other side, in none here' as why, case when c.wins = 'ask' then 'pick' else '' end as pick,
  c.blocked_by,
  case when c.target_source = c.ecom_source then concat(c.pos_source, ':', c.pos_id) else concat(c.ecom_source, ':', c.ecom_id) end as origin,
  [
    struct_pack(name := 'status', value := 'active'),
    struct_pack(name := 'group', value := case when c.target_source = c.ecom_source then c.pos_group else c.ecom_group end)
  ] as origin_view
from group_conflicts as c
where not c.asked
