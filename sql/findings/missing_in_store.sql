-- title: The customer has no profile in this store
-- rules: T1, T2
-- severity: medium
-- who: store
-- grain: one row per shop profile and POS source of a group where each has a profile
-- approve: Approve the creation, or add the customer by hand in the store's POS with the same phone.
-- by_hand: Add the customer by hand in the store's POS with the same phone.

select
  r.pairing, r.pos_source as field,
  r.anchor,
  [concat(r.ecom_source, ':', r.ecom_id)] as members,
  r.pos_source as store_source,
  [struct_pack(name := 'lacks', value := r.lacks)] as evidence,
  case when r.lacks = '' then concat('create the customer in ', r.pos_source)
    else concat('cannot be created: lacks ', r.lacks) end as proposal,
  case when r.lacks = '' then r.blocked_by else concat('lacks ', r.lacks) end as blocked_by
from relinks as r
join pairings as l on l.pairing = r.pairing and l.pos = r.pos_source
where l.preset = 'blaze_ecom' and r.reason = 'missing' and r.pos_id is null and not r.doubtful
