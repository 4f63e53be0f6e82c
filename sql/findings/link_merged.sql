-- title: Linked to a profile that was merged into another
-- rules: G14, T3, T10, M12
-- severity: high
-- grain: one row per attested link
-- todo: Move the link to the survivor in the system that stores it.

select
  a.pairing, '' as field,
  concat(a.pairing, '|', a.ecom_source, ':', a.ecom_id, '|', a.pos_source, ':', a.pos_id) as anchor,
  [concat(a.ecom_source, ':', a.ecom_id), concat(a.pos_source, ':', a.pos_id)] as members,
  a.pos_source as store_source,
  [
    struct_pack(name := 'state', value := a.state),
    struct_pack(name := 'next', value := coalesce(concat(r.pos_source, ':', r.pos_id), ''))
  ] as evidence,
  case
    when r.ecom_n is null then 'nothing is proposed before both systems have a certificate (G1)'
    when l.vendor_sync then concat('the link moves to the survivor, ', coalesce(concat(a.pos_source, ':', a.merged_into), 'which the POS does not name'))
    when r.pos_id is not null then concat('link to ', r.pos_source, ':', r.pos_id, ' instead')
    when r.lacks <> '' then concat('add ', r.lacks, ' in the shop, so that a new profile can be created at the POS')
    else 'drop the link; create a new profile at the POS'
  end as proposal,
  coalesce(r.blocked_by, '') as blocked_by
from attested_states as a
join pairings as l on l.pairing = a.pairing and l.pos = a.pos_source
left join relinks as r on r.pairing = a.pairing and r.ecom_n = a.ecom_n and r.pos_source = a.pos_source
left join links as f on f.pairing = a.pairing and f.ecom_n = a.ecom_n and f.pos_source = a.pos_source and f.state = 'active'
where a.state = 'merged' and f.ecom_n is null
