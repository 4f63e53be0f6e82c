-- title: This may be the customer, and only a person can say so
-- rules: G6, G8, M5
-- severity: medium
-- who: store
-- grain: one row per shop profile and POS source where the first rule finds somebody and the evidence does not reach
-- todo: Open the profiles side by side, or ask the customer.
-- todo: Say what they are: rollcall decide same pair SHOP:ID POS:ID --why …, or not_same. It is not asked again.

select
  c.pairing, '' as field,
  concat(c.pairing, '|', c.ecom_source, ':', c.ecom_id, '|', c.pos_source) as anchor,
  list_concat([concat(c.ecom_source, ':', c.ecom_id)], list_sort(list(concat(c.pos_source, ':', c.pos_id)))) as members,
  c.pos_source as store_source,
  [struct_pack(name := 'rule', value := max(c.rule)), struct_pack(name := 'reason', value := max(u.why))] as evidence,
  'nothing is linked, changed or created before a person says who this is' as proposal,
  '' as blocked_by
from candidates as c
join doubts as u on u.pairing = c.pairing and u.ecom_n = c.ecom_n and u.pos_source = c.pos_source
join people as e on e.n = c.ecom_n and e.in_play
where c.outcome = 'candidate'
group by c.pairing, c.ecom_source, c.ecom_id, c.pos_source
