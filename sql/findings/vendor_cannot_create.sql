-- title: The POS cannot take this customer yet
-- rules: M8
-- severity: medium
-- who: shop
-- grain: one row per shop profile that should have a POS profile but lacks what the vendor requires
-- todo: Ask the customer for the missing parts and add them in the shop.

select
  r.pairing, '' as field,
  r.anchor,
  [concat(r.ecom_source, ':', r.ecom_id)] as members,
  r.pos_source as store_source,
  [struct_pack(name := 'lacks', value := r.lacks)] as evidence,
  concat('add ', r.lacks, ' in the shop') as proposal,
  '' as blocked_by
from relinks as r
join pairings as l on l.pairing = r.pairing and l.pos = r.pos_source
where not l.vendor_sync and r.reason = 'missing' and r.pos_id is null and not r.doubtful and r.lacks <> ''
