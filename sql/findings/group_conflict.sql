-- title: The customer is in different groups on the two sides
-- rules: X1, X3
-- severity: medium
-- who: shop
-- grain: one row per link whose sides are in different groups, or of which one is in none
-- todo: Say which group the customer belongs to; a customer is in one group only.
-- todo: Where both sides name a group, set the right one by hand on the other side: nothing is written for it.

select
  c.pairing, 'group' as field, c.anchor,
  [concat(c.ecom_source, ':', c.ecom_id), concat(c.pos_source, ':', c.pos_id)] as members,
  c.pos_source as store_source,
  [
    struct_pack(name := concat('group@', c.ecom_source, ':', c.ecom_id), value := coalesce(c.ecom_group, '')),
    struct_pack(name := concat('group@', c.pos_source, ':', c.pos_id), value := coalesce(c.pos_group, ''))
  ] as evidence,
  case
    when not c.asked then concat('set group on ', c.target_source, ':', c.target_id)
    when c.wins = 'ecom' then concat('which group? By policy that of ', c.ecom_source)
    when c.wins = 'pos' then concat('which group? By policy that of ', c.pos_source)
    else 'which group? A person says'
  end as proposal,
  c.blocked_by
from group_conflicts as c
