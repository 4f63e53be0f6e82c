-- title: three-way drift: each side of a link against the value on which both last agreed
-- rules: G3, G5, G13, M7, T6, C1, X4
-- Parameters: $key, $today.

-- grain: one row per link between two profiles in play: stored ones, and found ones where the shop stores none
create table ties as
select l.pairing, l.ecom_source, l.ecom_id, l.ecom_n, l.pos_source, l.pos_id, l.pos_n, e.certified and p.certified as certified
from links as l
join people as w on w.n = l.pos_n and w.in_play
join sources as e on e.source = l.ecom_source
join sources as p on p.source = l.pos_source
left join (select distinct source, pos_source from link_keys) as k on k.source = l.ecom_source and k.pos_source = l.pos_source
where l.state = 'active' and (l.origin = 'attested' or k.source is null);

-- grain: one row per link and compared field with a value on either side; a side that is not comparable has no row
-- (G3), and a placeholder is not comparable (G5): it is neither drift nor a value to be carried anywhere
create table link_fields as
with shop_side as (
  select t.pairing, t.ecom_source, t.pos_source, t.ecom_n, t.pos_n, e.first_key, e.last_key, e.birth_key, e.phone_key, e.email_key, e.address_key
  from people as e
  join ties as t on t.ecom_n = e.n
),
linked as (
  select e.pairing, e.ecom_source, e.pos_source, e.ecom_n, e.pos_n, e.first_key as e_first, e.last_key as e_last, e.birth_key as e_birth, e.phone_key as e_phone,
    e.email_key as e_email, e.address_key as e_address, w.first_key as p_first, w.last_key as p_last, w.birth_key as p_birth,
    w.phone_key as p_phone, w.email_key as p_email, w.address_key as p_address
  from people as w
  join shop_side as e on e.pos_n = w.n
),
-- an address of which one part is no longer sent is another one on everybody
parted as (
  select distinct source
  from lost_fields
  where field in ('street', 'street_2', 'city', 'postal_code')
),
fields as (
  select pairing, ecom_n, pos_n, 'first_name' as field, e_first as ecom_key, p_first as pos_key from linked
  union all
  select pairing, ecom_n, pos_n, 'last_name' as field, e_last as ecom_key, p_last as pos_key from linked
  union all
  select pairing, ecom_n, pos_n, 'birth_date' as field, cast(e_birth as varchar) as ecom_key, cast(p_birth as varchar) as pos_key from linked
  union all
  select pairing, ecom_n, pos_n, 'phone' as field, e_phone as ecom_key, p_phone as pos_key from linked
  union all
  select pairing, ecom_n, pos_n, 'email' as field, e_email as ecom_key, p_email as pos_key from linked
  union all
  select l.pairing, l.ecom_n, l.pos_n, 'address' as field, l.e_address as ecom_key, l.p_address as pos_key
  from linked as l
  left join parted as e on e.source = l.ecom_source
  left join parted as p on p.source = l.pos_source
  where e.source is null and p.source is null
),
compared as (
  select f.pairing, f.ecom_n, f.pos_n, f.field, f.ecom_key, f.pos_key
  from fields as f
  join field_policies as y on y.pairing = f.pairing and y.field = f.field and y.wins <> 'ignore'
  left join (select distinct key_kind, key from placeholders) as he on he.key_kind = f.field and he.key = f.ecom_key
  left join (select distinct key_kind, key from placeholders) as hp on hp.key_kind = f.field and hp.key = f.pos_key
  where he.key is null and hp.key is null and (f.ecom_key is not null or f.pos_key is not null)
),
-- a file without the column is not blank on everybody: a source knows a field that it can write, or that anybody has there
spoken as (
  select source, count(first_key) > 0 as first_name, count(last_key) > 0 as last_name, count(birth_key) > 0 as birth_date,
    count(phone_key) > 0 as phone, count(email_key) > 0 as email, count(address_key) > 0 as address
  from people
  group by source
),
halves as (
  select c.*, w.source, w.id
  from people as w
  join compared as c on w.n = case when c.ecom_key is null then c.ecom_n else c.pos_n end
  join spoken as s on s.source = w.source
  left join capabilities as k on k.what = 'field' and k.source = w.source and k.name = case when c.field = 'address' then 'street' else c.field end
  -- nor is who sent it to us last night blank on everybody tonight
  left join lost_fields as y on y.source = w.source and y.field = c.field
  where (c.ecom_key is null or c.pos_key is null) and y.source is null
    and (k.name is not null or case c.field when 'first_name' then s.first_name when 'last_name' then s.last_name
      when 'birth_date' then s.birth_date when 'phone' then s.phone when 'email' then s.email else s.address end)
),
-- what the side without a key holds: nothing at all, or something that cannot be compared
told as (
  select c.*, coalesce(case c.field
    when 'first_name' then p.first_name
    when 'last_name' then p.last_name
    when 'birth_date' then p.birth_date
    when 'phone' then p.phone
    when 'email' then p.email
    else concat_ws(' ', p.street, p.street_2, p.city, p.postal_code)
  end, '') as raw
  from profiles as p
  join halves as c on c.source = p.source and c.id = p.id
)
select pairing, ecom_n, pos_n, field, ecom_key, pos_key
from compared
where ecom_key is not null and pos_key is not null
union all
select pairing, ecom_n, pos_n, field, ecom_key, pos_key
from told
where trim(raw) in ('', '?', 'N/A');

-- grain: one row per link that an order of today brought together for the first time: the vendor has its day to make both alike (X4)
create table early_links as
select t.pairing, t.ecom_source, t.ecom_id, t.ecom_n, t.pos_source, t.pos_n
from profiles as p
join (
  select a.pairing, a.ecom_source, a.ecom_id, a.ecom_n, a.pos_source, a.pos_id, a.pos_n
  from ties as a
  join pairings as l on l.pairing = a.pairing and l.pos = a.pos_source and l.vendor_sync and l.link_after = 'purchase'
) as t on t.ecom_source = p.source and t.ecom_id = p.id
join sources as s on s.source = p.source and p.last_seen_at > s.taken_at - interval 24 hours
left join (
  select distinct o.pairing, o.ecom_source, o.ecom_id, o.pos_source, o.pos_id
  from bases as o
  join pairings as l on l.pairing = o.pairing and l.pos = o.pos_source and l.vendor_sync and l.link_after = 'purchase'
) as b on b.pairing = t.pairing
  and b.ecom_source = t.ecom_source and b.ecom_id = t.ecom_id and b.pos_source = t.pos_source and b.pos_id = t.pos_id
where b.pairing is null;

-- grain: one row per link and field on which the two sides disagree
-- side: who changed since both agreed (ecom, pos, both), who is blank (ecom_blank, pos_blank), or no_base
create table drifts as
with torn as (
  select f.*, t.ecom_source, t.ecom_id, t.pos_source, t.pos_id, y.wins,
    substr(sha256(concat($key, '|', f.field, '|', f.ecom_key)), 1, 32) as ecom_hash,
    substr(sha256(concat($key, '|', f.field, '|', f.pos_key)), 1, 32) as pos_hash
  from link_fields as f
  join ties as t on t.pairing = f.pairing and t.ecom_n = f.ecom_n and t.pos_n = f.pos_n
  join field_policies as y on y.pairing = f.pairing and y.field = f.field
  where f.ecom_key is distinct from f.pos_key
),
based as (
  select b.pairing, b.ecom_source, b.ecom_id, b.pos_source, b.pos_id, b.field, b.hash, b.agreed_on
  from bases as b
  join torn as f on f.pairing = b.pairing and f.ecom_source = b.ecom_source and f.ecom_id = b.ecom_id
    and f.pos_source = b.pos_source and f.pos_id = b.pos_id and f.field = b.field
)
select
  f.*, b.agreed_on, e.updated_at as e_updated, w.updated_at as p_updated,
  concat(f.pairing, '|', f.ecom_source, ':', f.ecom_id, '|', f.pos_source, ':', f.pos_id) as anchor,
  case
    when f.ecom_key is null then 'ecom_blank'
    when f.pos_key is null then 'pos_blank'
    when b.hash is null then 'no_base'
    when f.ecom_hash = b.hash then 'pos'
    when f.pos_hash = b.hash then 'ecom'
    else 'both'
  end as side
from torn as f
join people as e on e.n = f.ecom_n
join people as w on w.n = f.pos_n
left join based as b on b.pairing = f.pairing and b.ecom_source = f.ecom_source and b.ecom_id = f.ecom_id
  and b.pos_source = f.pos_source and b.pos_id = f.pos_id and b.field = f.field
left join early_links as y on y.pairing = f.pairing and y.ecom_n = f.ecom_n and y.pos_n = f.pos_n
where y.pairing is null;

-- grain: one row per link and field: what the next night compares with; only certified pairs of snapshots move it, and
-- a link that could not be compared tonight keeps what it had
create table next_bases as
with agreed as (
  select t.pairing, t.ecom_source, t.ecom_id, t.pos_source, t.pos_id, f.field, substr(sha256(concat($key, '|', f.field, '|', f.ecom_key)), 1, 32) as hash
  from link_fields as f
  join ties as t on t.pairing = f.pairing and t.ecom_n = f.ecom_n and t.pos_n = f.pos_n and t.certified
  where f.ecom_key = f.pos_key
)
select
  coalesce(a.pairing, b.pairing) as pairing, coalesce(a.ecom_source, b.ecom_source) as ecom_source, coalesce(a.ecom_id, b.ecom_id) as ecom_id,
  coalesce(a.pos_source, b.pos_source) as pos_source, coalesce(a.pos_id, b.pos_id) as pos_id, coalesce(a.field, b.field) as field, coalesce(a.hash, b.hash) as hash,
  case when a.hash is null or a.hash = b.hash then b.agreed_on else cast($today as date) end as agreed_on
from agreed as a
full join bases as b
  on b.pairing = a.pairing and b.ecom_source = a.ecom_source and b.ecom_id = a.ecom_id and b.pos_source = a.pos_source and b.pos_id = a.pos_id and b.field = a.field;
