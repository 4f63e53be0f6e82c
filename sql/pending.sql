-- title: who is in one system only and is not wrong: pending until a purchase, an online order or a login
-- rules: X4, M1
-- Parameters: none. Nothing is concluded from absence where a side has no certificate (G1).

-- grain: one row per pairing, POS source and profile of the shop or the POS that waits for the other side
create table pending as
with due as (
  select l.pairing, l.ecom, l.pos, l.vendor_sync, s.taken_at
  from pairings as l
  join sources as s on s.source = l.ecom and s.certified
  join sources as t on t.source = l.pos and t.certified
  where l.link_after = 'purchase'
),
asked as (
  select pairing, pos_source, ecom_n as n from doubts
  union
  select pairing, pos_source, pos_n as n from candidates where outcome = 'candidate'
),
tied as (
  select pairing, pos_source, ecom_n as n from links
  union
  select pairing, pos_source, pos_n as n from links
),
alone as (
  select d.pairing, d.pos, w.source, w.id, w.n, case when w.source = d.pos then 'no online order or login yet' else 'no order yet' end as why
  from people as w
  join due as d on w.source in (d.ecom, d.pos)
  where w.in_play and (w.source = d.pos or not coalesce(w.has_purchased, false))
),
-- X4: the day after an order is pending
ordered as (
  select d.pairing, d.pos, p.source, p.id, r.ecom_n as n, 'ordered less than a day ago' as why
  from profiles as p
  join relinks as r on r.ecom_source = p.source and r.ecom_id = p.id and r.reason = 'missing' and r.pos_id is null
  join due as d on d.pairing = r.pairing and d.pos = r.pos_source and d.vendor_sync
  where p.last_seen_at > d.taken_at - interval 24 hours
)
select a.pairing, a.pos, a.source, a.id, a.why
from (
  select * from alone
  union all
  select * from ordered
) as a
left join tied as t on t.pairing = a.pairing and t.pos_source = a.pos and t.n = a.n
left join asked as q on q.pairing = a.pairing and q.pos_source = a.pos and q.n = a.n
where t.n is null and q.n is null
union all
select e.pairing, e.pos_source as pos, e.ecom_source as source, e.ecom_id as id, 'ordered less than a day ago' as why
from early_links as e
join (select distinct pairing, ecom_n, pos_n from link_fields where ecom_key is distinct from pos_key) as f
  on f.pairing = e.pairing and f.ecom_n = e.ecom_n and f.pos_n = e.pos_n;
