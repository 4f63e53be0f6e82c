-- title: The default customer is not complete
-- rules: M14
-- severity: high
-- who: shop
-- grain: one row per configured default customer
-- todo: Give it a name, an email, a phone and an address, or name another in the configuration.

with found as (
  select p.*
  from profiles as p
  join standins as i on i.source = p.source and i.id = p.id
  where p.status = 'active'
)
select
  '' as pairing, '' as field,
  concat(i.source, ':', i.id) as anchor,
  [concat(i.source, ':', i.id)] as members,
  i.source as store_source,
  [struct_pack(name := 'lacks', value := case when p.id is null then 'the customer itself' else concat_ws(', ',
    case when coalesce(p.first_name, p.last_name, p.full_name) is null then 'name' end,
    case when p.email is null then 'email' end,
    case when p.phone is null then 'phone' end,
    case when p.street is null or p.city is null or p.postal_code is null or p.country is null then 'address' end) end)] as evidence,
  'orders without a customer would fail' as proposal,
  '' as blocked_by
from standins as i
join sources as s on s.source = i.source and s.certified
left join found as p on p.source = i.source and p.id = i.id
where i.is_default and (
  p.id is null or coalesce(p.first_name, p.last_name, p.full_name) is null or p.email is null or p.phone is null
  or p.street is null or p.city is null or p.postal_code is null or p.country is null
)
