-- title: stored links whose profile was archived or gone, kept until it comes back
-- rules: M12, M13, G1
-- Parameters: $today.

-- grain: one row per stored link that was seen broken: what the next night gets as `lost_links`
create table next_lost as
with lost as (
  select pairing, ecom_source, ecom_id, pos_source, pos_id, state
  from attested_states
  where state in ('archived', 'deleted')
),
known as (
  select o.pairing, o.ecom_source, o.ecom_id, o.pos_source, o.pos_id, o.state, o.since, o.restored_on, k.pos_id as linked_id, coalesce(w.in_play, false) as back
  from lost_links as o
  join pairings as l on l.pairing = o.pairing and l.ecom = o.ecom_source and l.pos = o.pos_source
  join sources as s on s.source = o.ecom_source
  left join people as e on e.source = o.ecom_source and e.id = o.ecom_id and e.in_play
  left join people as w on w.source = o.pos_source and w.id = o.pos_id
  left join links as k on k.pairing = o.pairing and k.ecom_n = e.n and k.pos_source = o.pos_source and k.state = 'active'
  left join lost as t on t.pairing = o.pairing and t.ecom_source = o.ecom_source and t.ecom_id = o.ecom_id and t.pos_source = o.pos_source
    and t.pos_id = o.pos_id
  -- a customer who is gone from the shop has no link to take back
  where t.pairing is null and (e.n is not null or not s.certified)
)
select t.pairing, t.ecom_source, t.ecom_id, t.pos_source, t.pos_id, t.state,
  case when o.since is null or o.restored_on is not null then cast($today as date) else o.since end as since, cast(null as date) as restored_on
from lost as t
left join lost_links as o on o.pairing = t.pairing and o.ecom_source = t.ecom_source and o.ecom_id = t.ecom_id and o.pos_source = t.pos_source
  and o.pos_id = t.pos_id
union all
select pairing, ecom_source, ecom_id, pos_source, pos_id, state, since,
  case when back then coalesce(restored_on, cast($today as date)) end as restored_on
from known
-- who has the old link back is told of it once
where not back or restored_on is null or restored_on = cast($today as date) or pos_id is distinct from linked_id;
