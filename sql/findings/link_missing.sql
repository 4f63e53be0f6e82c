-- title: No link where there should be one
-- rules: G8, M1, M5, M12, T2, T3, T4, X4
-- severity: medium
-- who: shop
-- grain: one row per shop profile and POS source
-- approve: Approve the correction.
-- by_hand: No correction can be written for it: do in the system what is proposed.
-- todo: Customers who never bought are pending, not wrong.

with missing as (
  select r.*, l.vendor_sync and l.link_after = 'purchase' as when_bought, s.taken_at
  from relinks as r
  join pairings as l on l.pairing = r.pairing and l.pos = r.pos_source
  join sources as s on s.source = r.ecom_source
  where r.reason = 'missing' and not r.doubtful
),
-- M5: whoever else may be the customer, by whatever key
others as (
  select r.anchor, array_to_string(list_sort(list(concat(w.source, ':', w.id))), ', ') as names
  from (
    select left_n as ecom_n, right_n as pos_n from pairs where outcome in ('link', 'candidate')
    union all
    select right_n as ecom_n, left_n as pos_n from pairs where outcome in ('link', 'candidate')
  ) as x
  join missing as r on r.ecom_n = x.ecom_n and r.pos_n <> x.pos_n
  join people as w on w.n = x.pos_n and w.source = r.pos_source and w.in_play
  group by r.anchor
)
select
  r.pairing, '' as field,
  r.anchor,
  case when r.pos_id is null then [concat(r.ecom_source, ':', r.ecom_id)]
    else [concat(r.ecom_source, ':', r.ecom_id), concat(r.pos_source, ':', r.pos_id)] end as members,
  r.pos_source as store_source,
  case when o.names is null
    then [struct_pack(name := 'rule', value := coalesce(r.rule, 'none')), struct_pack(name := 'reason', value := r.reason)]
    else [struct_pack(name := 'rule', value := coalesce(r.rule, 'none')), struct_pack(name := 'reason', value := r.reason),
      struct_pack(name := 'also', value := o.names)]
  end as evidence,
  case
    when r.vendor_sync and r.pos_id is null
      then concat('they bought, and the vendor made no profile in ', r.pos_source, ' within a day: add it there by hand, or run the vendor''s backfill')
    when r.vendor_sync and not r.pos_in_play then concat('renew ', r.pos_source, ':', r.pos_id, ' in the POS; nothing is created beside it')
    when r.vendor_sync then concat('the vendor has not linked ', r.pos_source, ':', r.pos_id, ' yet')
    when r.pos_id is not null then concat('link to ', r.pos_source, ':', r.pos_id)
    else concat('create the customer in ', r.pos_source)
  end as proposal,
  r.blocked_by
from profiles as p
join missing as r on r.ecom_source = p.source and r.ecom_id = p.id
left join others as o on o.anchor = r.anchor
where r.pos_id is not null or (not r.vendor_sync and r.lacks = '')
  -- X4: the day after an order is pending
  or (r.when_bought and not coalesce(p.last_seen_at > r.taken_at - interval 24 hours, false))
