-- title: The customer cannot log in or be helped
-- rules: P0, P1, P2
-- severity: high
-- grain: one row per profile with a login
-- todo: Verify the customer's identity first: the account may hold documents.
-- todo: Give the profile one phone number of its own that can be dialled.
-- todo: Reset the login from the customer's profile; the customer changes the temporary password.

with counted as (
  select w.n, w.source, w.id, max(k.key) as key, max(o.profiles) as profiles
  from people as w
  left join all_keys as k on k.n = w.n and k.key_kind = 'phone'
  left join (
    select source, key, count(*) as profiles
    from all_keys
    where key_kind = 'phone' and in_play
    group by source, key
  ) as o on o.source = k.source and o.key = k.key
  where w.in_play
  group by w.n, w.source, w.id
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
from counted as c
join profiles as p on p.source = c.source and p.id = c.id
join sources as s on s.source = c.source and s.logins = 'treez_ecommerce'
where p.email is not null and (c.key is null or c.profiles > 1)
