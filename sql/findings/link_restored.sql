-- title: A profile that was archived or gone is back
-- rules: M12, M13
-- severity: low
-- who: store
-- grain: one row per stored link that was broken and whose profile is in play again; told once where the old link is good
-- todo: Where the old link is good again there is nothing to do.
-- todo: Where the customer was linked elsewhere meanwhile, the two profiles are one customer twice: merge them in the POS. The link is not moved back.
-- todo: Where the customer has no link now, link them to the profile again in the system that stores it.

select
  r.pairing, '' as field,
  concat(r.pairing, '|', r.ecom_source, ':', r.ecom_id, '|', r.pos_source, ':', r.pos_id) as anchor,
  list_concat([concat(r.ecom_source, ':', r.ecom_id), concat(r.pos_source, ':', r.pos_id)],
    case when k.pos_id <> r.pos_id then [concat(r.pos_source, ':', k.pos_id)] else [] end) as members,
  r.pos_source as store_source,
  [
    struct_pack(name := 'state', value := concat(r.state, ' until now')),
    struct_pack(name := 'since', value := cast(r.since as varchar)),
    struct_pack(name := 'link', value := coalesce(concat(r.pos_source, ':', k.pos_id), 'none'))
  ] as evidence,
  case
    when k.pos_id = r.pos_id then 'the earlier link is good again'
    when k.pos_id is not null then concat('one customer twice: the link stays with ', r.pos_source, ':', k.pos_id, ', and a person merges')
    else concat('link to ', r.pos_source, ':', r.pos_id, ' again')
  end as proposal,
  '' as blocked_by
from people as e
join next_lost as r on r.ecom_source = e.source and r.ecom_id = e.id and r.restored_on is not null
left join links as k on k.pairing = r.pairing and k.ecom_n = e.n and k.pos_source = r.pos_source and k.state = 'active'
where e.in_play
