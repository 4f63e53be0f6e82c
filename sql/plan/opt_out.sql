-- title: carry an opt-out to every profile of the customer that says yes, and put back one that was lost
-- rules: G9, G9b
-- grain: one row per profile and channel in conflict
-- action: opt_out
-- policy: opt_out
-- reversible: partly
-- lost: the opt-in, which is never written back (G9a)

select
  c.pairing, c.target_source as source, c.target_id as profile_id, c.kind, c.field, c.anchor,
  concat('opt_out|', c.target_source, ':', c.target_id, '|', c.channel) as make_key, '' as after_key,
  [struct_pack(name := c.field, value := c.target_consent)] as before,
  [struct_pack(name := c.field, value := 'out')] as after,
  case when c.kind = 'consent_raised' then concat('opted out since ', cast(c.seen_out as varchar), ', and nobody approved an opt-in')
    else concat(case when c.by_word = 'erased' then 'erased in ' else 'opted out in ' end, c.by_source, ':', c.by_id) end as why,
  -- G9a: a newer choice of the customer's own is for a person to judge
  case when c.doubt = '' then 'pick' else '' end as pick,
  c.blocked_by,
  -- an opt-out that is only remembered cannot be read again before writing
  case when c.by_said = 'out' then concat(c.by_source, ':', c.by_id) end as origin,
  [struct_pack(name := c.field, value := 'out')] as origin_view
from consent_conflicts as c
