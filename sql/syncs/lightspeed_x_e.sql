-- title: X-Series and Ecwid keep group, email and the marketing preference the same: the later change goes to the other side
-- rules: X1, X5
-- grain: one row per profile and field that the vendor writes by itself after `writes`

select s.pos_source as source, s.pos_id as id, w.name, w.value, w.correction, w.seq, 'X1' as rules, s.ecom_source as by_source, s.ecom_id as by_id
from writes as w
join synced as s on s.ecom_source = w.source and s.ecom_id = w.id
where s.preset = 'lightspeed_x_e' and w.name in ('email', 'group', 'email_consent')
union all
select s.ecom_source as source, s.ecom_id as id, w.name, w.value, w.correction, w.seq, 'X1' as rules, s.pos_source as by_source, s.pos_id as by_id
from writes as w
join synced as s on s.pos_source = w.source and s.pos_id = w.id
where s.preset = 'lightspeed_x_e' and w.name in ('email', 'group', 'email_consent')
