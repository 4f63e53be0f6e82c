-- title: where the Shopify connection runs, a manual update of one side goes to the other in basics
-- rules: M1, M7, M9
-- grain: one row per profile and field that the connection writes by itself after `writes`

with basics as (
  select correction, seq, source, id, name, value
  from writes
  where value is not null
    and name in ('first_name', 'last_name', 'birth_date', 'phone', 'email', 'street', 'street_2', 'city', 'region', 'postal_code', 'country')
)
select s.pos_source as source, s.pos_id as id, w.name, w.value, w.correction, w.seq, 'M1' as rules, s.ecom_source as by_source, s.ecom_id as by_id
from basics as w
join synced as s on s.ecom_source = w.source and s.ecom_id = w.id
where s.preset = 'mortar'
union all
select s.ecom_source as source, s.ecom_id as id, w.name, w.value, w.correction, w.seq, 'M1' as rules, s.pos_source as by_source, s.pos_id as by_id
from basics as w
join synced as s on s.pos_source = w.source and s.pos_id = w.id
where s.preset = 'mortar'
