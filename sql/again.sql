-- title: customers with a second account in one shop: who cannot change email or phone there signs up again
-- rules: T7
-- Parameters: none.

-- grain: one row per account and earlier account of the same shop under one name and birth date, with no contact in common
create table second_accounts as
with accounts as (
  select w.n, w.source, w.id, w.first_key, w.last_key, w.birth_key, w.phone_key, w.email_key, w.created_at
  from people as w
  join (select distinct ecom from pairings where preset = 'blaze_ecom') as l on l.ecom = w.source
  where w.in_play and w.first_key is not null and w.last_key is not null and w.birth_key is not null and w.created_at is not null
)
select b.source, b.n, b.id, b.created_at, a.n as earlier_n, a.id as earlier_id, a.created_at as earlier_at,
  least(e.entity_id, o.entity_id) as one_entity, greatest(e.entity_id, o.entity_id) as other_entity,
  row_number() over (partition by b.n order by a.created_at, a.n) as place
from accounts as b
join accounts as a on a.source = b.source and a.first_key = b.first_key and a.last_key = b.last_key and a.birth_key = b.birth_key
  and a.created_at < b.created_at
join entities as e on e.n = b.n
join entities as o on o.n = a.n
left join decided as d on d.left_n = least(a.n, b.n) and d.right_n = greatest(a.n, b.n) and d.verdict = 'not_same'
where d.left_n is null and (b.phone_key is not null or b.email_key is not null)
  and not coalesce(a.phone_key = b.phone_key, false) and not coalesce(a.email_key = b.email_key, false);
