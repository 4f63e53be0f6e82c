-- title: carry an opt-out to the side that still says yes
-- rules: G9, G9b
-- grain: one row per link and channel in conflict
-- action: opt_out
-- policy: opt_out
-- reversible: partly

select
  c.pairing, c.target_source as source, c.target_id as profile_id, 'consent_conflict' as kind, c.field, c.anchor,
  concat('opt_out|', c.target_source, ':', c.target_id, '|', c.channel) as make_key, '' as after_key,
  [struct_pack(name := c.field, value := case when c.target_source = c.ecom_source then c.ecom_consent else c.pos_consent end)] as before,
  [struct_pack(name := c.field, value := 'out')] as after,
  'opted out on the other side' as why, '' as pick,
  c.blocked_by,
  case when c.target_source = c.ecom_source then concat(c.pos_source, ':', c.pos_id) else concat(c.ecom_source, ':', c.ecom_id) end as origin,
  [struct_pack(name := c.field, value := 'out')] as origin_view
from consent_conflicts as c
