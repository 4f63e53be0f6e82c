-- title: The two sides of a link disagree
-- rules: G13, M7, T6, C1
-- severity: medium
-- who: store
-- grain: one row per link and field
-- todo: Compare both values with the customer or the last change in the system's own log.
-- approve: Approve the correction, or make the change in the system that is named.
-- by_hand: Make the change by hand in the system that is named.

with shops as (
  select d.pairing, d.anchor, d.field, d.pos_source, d.pos_id,
    case d.field
      when 'first_name' then coalesce(p.first_name, p.full_name)
      when 'last_name' then coalesce(p.last_name, p.full_name)
      when 'birth_date' then p.birth_date
      when 'phone' then p.phone
      when 'email' then p.email
      else concat_ws(', ', p.street, p.street_2, p.city, p.postal_code)
    end as ecom_raw
  from profiles as p
  join drifts as d on d.ecom_source = p.source and d.ecom_id = p.id
),
shown as (
  select d.anchor, d.field, d.ecom_raw,
    case d.field
      when 'first_name' then coalesce(p.first_name, p.full_name)
      when 'last_name' then coalesce(p.last_name, p.full_name)
      when 'birth_date' then p.birth_date
      when 'phone' then p.phone
      when 'email' then p.email
      else concat_ws(', ', p.street, p.street_2, p.city, p.postal_code)
    end as pos_raw
  from profiles as p
  join shops as d on d.pos_source = p.source and d.pos_id = p.id
)
select
  d.pairing, d.field, d.anchor,
  [concat(d.ecom_source, ':', d.ecom_id), concat(d.pos_source, ':', d.pos_id)] as members,
  d.pos_source as store_source,
  [
    struct_pack(name := concat(d.field, '@', d.ecom_source, ':', d.ecom_id), value := coalesce(s.ecom_raw, '')),
    struct_pack(name := concat(d.field, '@', d.pos_source, ':', d.pos_id), value := coalesce(s.pos_raw, '')),
    struct_pack(name := 'side', value := case d.side when 'ecom' then concat(d.ecom_source, ' changed') when 'pos' then concat(d.pos_source, ' changed')
      when 'both' then 'both changed' when 'ecom_blank' then concat(d.ecom_source, ' is blank') when 'pos_blank' then concat(d.pos_source, ' is blank')
      else 'nobody knows: no base yet' end),
    struct_pack(name := 'direction', value := coalesce(concat(v.origin_source, ':', v.origin_id, ' to ', v.target_source, ':', v.target_id), 'a person picks')),
    struct_pack(name := 'base', value := case when d.agreed_on is null then 'no base yet' else concat('both agreed on ', cast(d.agreed_on as varchar)) end)
  ] as evidence,
  case
    when not v.task then concat('set ', d.field, ' on ', v.target_source, ':', v.target_id, ' (', v.why, ')')
    when d.wins = 'mission_control' and d.side in ('ecom', 'pos_blank')
      then concat('the POS missed a push: open the customer in Mission Control and save ', d.field, ' again')
    when d.wins = 'mission_control' and d.side = 'ecom_blank'
      then concat('the till knows it: add ', d.field, ' in Mission Control, which reaches every store')
    when d.wins = 'mission_control' and d.side in ('both', 'no_base')
      then concat('nobody knows which is newer: a person picks, and sets ', d.field, ' in Mission Control, which reaches every store')
    when d.wins = 'mission_control'
      then concat('changed at the till after sign-up: a person picks; if the till is right, change ', d.field, ' in Mission Control, which reaches every store')
    else 'a person picks the value'
  end as proposal,
  coalesce(v.blocked_by, '') as blocked_by
from drifts as d
join shown as s on s.anchor = d.anchor and s.field = d.field
join pairings as l on l.pairing = d.pairing and l.pos = d.pos_source
left join verdicts as v on v.anchor = d.anchor and v.field = d.field
