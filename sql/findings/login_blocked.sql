-- title: The customer cannot log in or be helped
-- rules: P0, P1, P2
-- severity: high
-- who: store
-- grain: one row per profile with a login
-- todo: Verify the customer's identity first: the account may hold documents.
-- todo: Give the profile one phone number of its own that can be dialled.
-- todo: Reset the login from the customer's profile; the customer changes the temporary password.

with signing as (
  select source from sources where logins = 'treez_ecommerce'
),
held as (
  select k.source, k.key, k.n
  from all_keys as k
  join signing as s on s.source = k.source
  where k.key_kind = 'phone' and k.in_play
),
counted as (
  select h.n, max(h.key) as key, max(o.profiles) as profiles
  from held as h
  join (select source, key, count(*) as profiles from held group by source, key) as o on o.source = h.source and o.key = h.key
  group by h.n
),
customers as (
  select w.source, w.id, c.key, c.profiles
  from people as w
  join signing as s on s.source = w.source
  left join counted as c on c.n = w.n
  where w.in_play and (c.key is null or c.profiles > 1)
)
select
  '' as pairing, 'phone' as field,
  concat(c.source, ':', c.id) as anchor,
  [concat(c.source, ':', c.id)] as members,
  c.source as store_source,
  [struct_pack(name := 'reason', value := case
    when p.phone is null then 'no phone' when c.key is null then 'the phone cannot be dialled'
    else 'the phone is on several profiles' end)] as evidence,
  'give the profile a phone of its own' as proposal,
  '' as blocked_by
from profiles as p
join customers as c on c.source = p.source and c.id = p.id
where p.email is not null
