-- title: three-way drift: each side of a link against the value on which both last agreed
-- rules: G13, M7, T6, C1
-- Parameters: $key, $today.

-- grain: one row per link and field, both sides readable; a side that is not comparable has no row (G3)
create table link_fields as
with linked as (
  select l.*, e.first_key as e_first, e.last_key as e_last, cast(e.birth_key as varchar) as e_birth, e.phone_key as e_phone, e.email_key as e_email,
    e.address_key as e_address, w.first_key as p_first, w.last_key as p_last, cast(w.birth_key as varchar) as p_birth,
    w.phone_key as p_phone, w.email_key as p_email, w.address_key as p_address,
    e.updated_at as e_updated, w.updated_at as p_updated,
    ep.first_name as e_first_raw, ep.last_name as e_last_raw, ep.birth_date as e_birth_raw, ep.phone as e_phone_raw, ep.email as e_email_raw,
    concat_ws(', ', ep.street, ep.street_2, ep.city, ep.postal_code) as e_address_raw,
    wp.first_name as p_first_raw, wp.last_name as p_last_raw, wp.birth_date as p_birth_raw, wp.phone as p_phone_raw, wp.email as p_email_raw,
    concat_ws(', ', wp.street, wp.street_2, wp.city, wp.postal_code) as p_address_raw
  from links as l
  join people as e on e.n = l.ecom_n
  join people as w on w.n = l.pos_n and w.in_play
  join profiles as ep on ep.source = l.ecom_source and ep.id = l.ecom_id
  join profiles as wp on wp.source = l.pos_source and wp.id = l.pos_id
  left join link_keys as k on k.source = l.ecom_source and k.pos_source = l.pos_source
  where l.state = 'active' and (l.origin = 'attested' or k.key is null)
),
fields as (
  select pairing, ecom_source, ecom_id, pos_source, pos_id, e_updated, p_updated, 'first_name' as field,
    e_first as ecom_key, p_first as pos_key, e_first_raw as ecom_raw, p_first_raw as pos_raw from linked
  union all
  select pairing, ecom_source, ecom_id, pos_source, pos_id, e_updated, p_updated, 'last_name' as field,
    e_last as ecom_key, p_last as pos_key, e_last_raw as ecom_raw, p_last_raw as pos_raw from linked
  union all
  select pairing, ecom_source, ecom_id, pos_source, pos_id, e_updated, p_updated, 'birth_date' as field,
    e_birth as ecom_key, p_birth as pos_key, e_birth_raw as ecom_raw, p_birth_raw as pos_raw from linked
  union all
  select pairing, ecom_source, ecom_id, pos_source, pos_id, e_updated, p_updated, 'phone' as field,
    e_phone as ecom_key, p_phone as pos_key, e_phone_raw as ecom_raw, p_phone_raw as pos_raw from linked
  union all
  select pairing, ecom_source, ecom_id, pos_source, pos_id, e_updated, p_updated, 'email' as field,
    e_email as ecom_key, p_email as pos_key, e_email_raw as ecom_raw, p_email_raw as pos_raw from linked
  union all
  select pairing, ecom_source, ecom_id, pos_source, pos_id, e_updated, p_updated, 'address' as field,
    e_address as ecom_key, p_address as pos_key, nullif(e_address_raw, '') as ecom_raw, nullif(p_address_raw, '') as pos_raw from linked
)
select
  f.*,
  case when f.ecom_key is not null then sha256(concat($key, '|', f.field, '|', f.ecom_key)) end as ecom_hash,
  case when f.pos_key is not null then sha256(concat($key, '|', f.field, '|', f.pos_key)) end as pos_hash
from fields as f
join field_policies as y on y.pairing = f.pairing and y.field = f.field and y.wins <> 'ignore'
where (f.ecom_key is not null or trim(coalesce(f.ecom_raw, '')) in ('', '?', 'N/A'))
  and (f.pos_key is not null or trim(coalesce(f.pos_raw, '')) in ('', '?', 'N/A'))
  and (f.ecom_key is not null or f.pos_key is not null);

-- grain: one row per link and field on which the two sides disagree
-- side: who changed since both agreed (ecom, pos, both), who is blank (ecom_blank, pos_blank), or no_base
create table drifts as
select
  f.*, b.agreed_on, y.wins,
  concat(f.pairing, '|', f.ecom_source, ':', f.ecom_id, '|', f.pos_source, ':', f.pos_id) as anchor,
  case
    when f.ecom_key is null then 'ecom_blank'
    when f.pos_key is null then 'pos_blank'
    when b.hash is null then 'no_base'
    when f.ecom_hash = b.hash then 'pos'
    when f.pos_hash = b.hash then 'ecom'
    else 'both'
  end as side
from link_fields as f
join field_policies as y on y.pairing = f.pairing and y.field = f.field
left join bases as b on b.pairing = f.pairing and b.ecom_id = f.ecom_id and b.pos_source = f.pos_source and b.pos_id = f.pos_id and b.field = f.field
where f.ecom_key is distinct from f.pos_key;

-- grain: one row per link and field: what the next night compares with; only certified pairs of snapshots move it
create table next_bases as
select
  f.pairing, f.ecom_id, f.pos_source, f.pos_id, f.field,
  case when f.ecom_hash = f.pos_hash and e.certified and p.certified then f.ecom_hash else b.hash end as hash,
  case when f.ecom_hash = f.pos_hash and e.certified and p.certified and f.ecom_hash is distinct from b.hash then cast($today as date)
    else b.agreed_on end as agreed_on
from link_fields as f
join sources as e on e.source = f.ecom_source
join sources as p on p.source = f.pos_source
left join bases as b on b.pairing = f.pairing and b.ecom_id = f.ecom_id and b.pos_source = f.pos_source and b.pos_id = f.pos_id and b.field = f.field
where (f.ecom_hash = f.pos_hash and e.certified and p.certified) or b.hash is not null
union all
-- a link that could not be compared tonight keeps what it had
select b.pairing, b.ecom_id, b.pos_source, b.pos_id, b.field, b.hash, b.agreed_on
from bases as b
left join link_fields as f
  on f.pairing = b.pairing and f.ecom_id = b.ecom_id and f.pos_source = b.pos_source and f.pos_id = b.pos_id and f.field = b.field
where f.field is null;
