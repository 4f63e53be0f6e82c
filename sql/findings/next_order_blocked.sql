-- title: The next order's invoice would be refused
-- rules: M8
-- severity: high
-- who: store
-- grain: one row per link to a profile that lacks what its vendor requires
-- todo: Add the missing parts to the POS profile before the next order.

select
  l.pairing, '' as field,
  concat(l.pairing, '|', l.ecom_source, ':', l.ecom_id, '|', l.pos_source, ':', l.pos_id) as anchor,
  [concat(l.ecom_source, ':', l.ecom_id), concat(l.pos_source, ':', l.pos_id)] as members,
  l.pos_source as store_source,
  [struct_pack(name := 'lacks', value := g.lacks)] as evidence,
  concat('complete the POS profile: ', g.lacks) as proposal,
  '' as blocked_by
from links as l
join gaps as g on g.source = l.pos_source and g.id = l.pos_id and g.needed_by = l.pos_source
join pairings as r on r.pairing = l.pairing and r.pos = l.pos_source and r.preset = 'mortar'
where l.state = 'active' and l.origin = 'attested' and g.lacks <> ''
