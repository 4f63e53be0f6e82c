-- title: Two links stand in each other's way
-- rules: G6, G8, M5, T1
-- severity: high
-- who: shop
-- grain: one row per POS profile that several shop profiles name, or per two links that each name whom the other should
-- todo: Open the profiles side by side, and find out who is who.
-- todo: Set the link anew in the system that stores it. Nothing is carried over such a link before.
-- todo: Where several accounts of the shop are one customer's, decide which one stays, and take the link off the others.

select
  c.pairing, '' as field, c.anchor,
  list_sort(list_distinct(list_concat(
    list(concat(c.ecom_source, ':', c.ecom_id)), list(concat(c.pos_source, ':', c.pos_id))))) as members,
  c.pos_source as store_source,
  [
    struct_pack(name := 'reason', value := case when c.how = 'shared' then concat(cast(count(*) as varchar), ' profiles of the shop name this one')
      else 'the keys and names say the opposite of the links' end),
    struct_pack(name := 'links', value := array_to_string(list_sort(list(concat(c.ecom_source, ':', c.ecom_id, ' names ', c.pos_source, ':', c.pos_id))), '; '))
  ] as evidence,
  case when c.how = 'shared' then concat('a person says whose ', min(c.pos_source), ':', min(c.pos_id), ' is, and links the others anew')
    else concat('by keys and names: ', array_to_string(list_sort(list(concat('link ', c.ecom_source, ':', c.ecom_id, ' to ', c.pos_source, ':', c.right_id))), ', ')) end as proposal,
  '' as blocked_by
from crossed_links as c
group by c.pairing, c.anchor, c.how, c.pos_source
