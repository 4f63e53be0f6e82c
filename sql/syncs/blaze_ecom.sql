-- title: ECOM sets the phone and email of its customer on every linked profile, once they change there
-- rules: C1, C2, T5
-- grain: one row per profile and field that ECOM writes by itself after `writes`

with pushed as (
  select s.pos_source as source, s.pos_id as id, w.name, w.value, w.correction, w.seq, 'C1, C2' as rules, s.ecom_source as by_source, s.ecom_id as by_id
  from writes as w
  join synced as s on s.ecom_source = w.source and s.ecom_id = w.id
  where s.preset = 'blaze_ecom' and w.name in ('phone', 'email') and w.value is not null
),
-- T5: whom it finds by a phone that is new there, as it does at sign-up, takes ECOM's email
stores as (
  select l.ecom, l.pos, k.key
  from pairings as l
  join link_keys as k on k.source = l.ecom and k.pos_source = l.pos
  where l.preset = 'blaze_ecom' and l.vendor_sync
),
signed_up as (
  select p.source as ecom_source, p.id as ecom_id, p.email, s.pos, h.e164
  from profiles as p
  join stores as s on s.ecom = p.source
  join sources as r on r.source = p.source
  join phones as h on h.raw = p.phone and h.region = r.region and h.e164 is not null
  where p.status = 'active' and p.email is not null
    and not list_contains(coalesce(list_transform(p.links, lambda u: u.key), []), s.key)
),
there as (
  select p.source, p.id, p.email, h.e164
  from profiles as p
  join (select distinct pos from stores) as s on s.pos = p.source
  join sources as r on r.source = p.source
  join phones as h on h.raw = p.phone and h.region = r.region
  where p.status = 'active'
),
phoned as (
  select w.source, w.id, w.correction, w.seq
  from writes as w
  where w.name = 'phone'
),
met as (
  select e.ecom_source, e.ecom_id, e.email, t.source, t.id, t.email as pos_email, count(*) over (partition by e.ecom_source, e.ecom_id, e.pos) as found
  from there as t
  join signed_up as e on e.pos = t.source and e.e164 = t.e164
),
taken_over as (
  select distinct m.source, m.id, 'email' as name, m.email as value, m.correction, m.seq, 'T5' as rules, m.ecom_source as by_source, m.ecom_id as by_id
  from (
    select m.*, w.correction, w.seq from met as m join phoned as w on w.source = m.source and w.id = m.id
    union all
    select m.*, w.correction, w.seq from met as m join phoned as w on w.source = m.ecom_source and w.id = m.ecom_id
  ) as m
  left join there as o on o.source = m.source and o.id <> m.id and lower(trim(o.email)) = lower(trim(m.email))
  where m.found = 1 and o.id is null and lower(trim(m.email)) is distinct from lower(trim(m.pos_email))
)
select source, id, name, value, correction, seq, rules, by_source, by_id from pushed
union all
select source, id, name, value, correction, seq, rules, by_source, by_id from taken_over
