-- title: what follows from links and drift: targets, gaps, conflicts; shared by findings and plan
-- rules: G9, G13, M7, M8, M12, C1, C3, T2
-- Parameters: none.

-- grain: one row per profile in play and source whose requirements are asked: what it lacks, in words
create table gaps as
with needs as (
  select source, name from capabilities where what = 'required'
),
asked as (
  select w.source, w.id, w.n, n.source as needed_by, n.name,
    case n.name
      when 'first_name' then w.first_key is null
      when 'last_name' then w.last_key is null
      when 'birth_date' then w.birth_key is null
      when 'phone' then w.phone_key is null
      when 'email' then w.email_key is null
      when 'street' then p.street is null
      when 'city' then p.city is null
      when 'postal_code' then p.postal_code is null
      when 'country' then p.country is null
      else false
    end as lacking
  from people as w
  join profiles as p on p.source = w.source and p.id = w.id
  join needs as n on true
  join (
    select distinct ecom as source, pos as needed_by from pairings
    union
    select distinct pos as source, pos as needed_by from pairings
  ) as l on l.source = w.source and l.needed_by = n.source
  where w.in_play
)
select source, id, n, needed_by, coalesce(string_agg(case when lacking then replace(name, '_', ' ') end, ', ' order by name), '') as lacks
from asked
group by source, id, n, needed_by;

-- grain: one row per shop profile and POS source without a good stored link, where one is due
create table relinks as
with due as (
  select e.n as ecom_n, e.source as ecom_source, e.id as ecom_id, l.pairing, l.pos as pos_source, l.vendor_sync, l.link_after,
    l.correctable, l.why_not_correctable,
    coalesce(p.has_purchased, false) as purchased
  from people as e
  join profiles as p on p.source = e.source and p.id = e.id
  join pairings as l on l.ecom = e.source
  join sources as s on s.source = l.pos and s.certified
  join sources as es on es.source = l.ecom and es.certified
  where e.in_play
),
stored as (
  select pairing, ecom_n, pos_source, max(case when state in ('active', 'unseen', 'unreadable') then 1 else 0 end) as good, count(*) as any_link,
    max(case when state in ('archived', 'deleted', 'merged') then pos_id end) as old_id
  from attested_states
  group by pairing, ecom_n, pos_source
)
select
  d.pairing, d.ecom_source, d.ecom_id, d.ecom_n, d.pos_source, d.vendor_sync, s.old_id,
  case when coalesce(s.any_link, 0) > 0 then 'broken' else 'missing' end as reason,
  c.pos_id, c.pos_n, c.rule,
  coalesce(g.lacks, '') as lacks,
  case
    when not d.correctable then d.why_not_correctable
    when c.pos_n is not null and x.ecom_n is not null then concat('linked to ', x.ecom_source, ':', x.ecom_id, ' already')
    when h.ecom_n is not null then 'the match is a different person: a person picks'
    else ''
  end as blocked_by
from due as d
left join stored as s on s.pairing = d.pairing and s.ecom_n = d.ecom_n and s.pos_source = d.pos_source
left join candidates as c on c.pairing = d.pairing and c.ecom_n = d.ecom_n and c.pos_source = d.pos_source
  and c.place = 1 and c.outcome = 'link' and c.pos_in_play
left join candidates as h on h.pairing = d.pairing and h.ecom_n = d.ecom_n and h.pos_source = d.pos_source
  and h.place = 1 and h.outcome <> 'link'
left join (
  select pairing, pos_n, min(ecom_source) as ecom_source, min(ecom_id) as ecom_id, min(ecom_n) as ecom_n
  from attested_states
  where state = 'active'
  group by pairing, pos_n
) as x on x.pairing = d.pairing and x.pos_n = c.pos_n and x.ecom_n <> d.ecom_n
left join gaps as g on g.source = d.ecom_source and g.id = d.ecom_id and g.needed_by = d.pos_source
where coalesce(s.good, 0) = 0
  and (coalesce(s.any_link, 0) > 0 or d.link_after = 'always' or (d.link_after = 'purchase' and d.purchased));

-- grain: one row per drift with a side that may be changed: what would be written where, and what stands against it
create table verdicts as
with sided as (
  select
    d.*,
    case
      when d.side = 'ecom_blank' then 'ecom'
      when d.side = 'pos_blank' then 'pos'
      when d.wins = 'ecom' then 'pos'
      when d.wins = 'pos' then 'ecom'
      when d.side = 'ecom' then 'pos'
      when d.side = 'pos' then 'ecom'
      when l.no_base = 'owner' and d.side = 'no_base' then case when l.owner = 'ecom' then 'pos' else 'ecom' end
      when coalesce(d.e_updated, timestamp '1970-01-01') >= coalesce(d.p_updated, timestamp '1970-01-01') then 'pos'
      else 'ecom'
    end as target,
    case
      when d.wins in ('ask', 'suggest') or d.side = 'both' then 'pick'
      when d.wins in ('newest', 'mission_control') and d.side = 'no_base' then 'pick'
      else ''
    end as pick,
    l.contact_way, l.correctable, l.why_not_correctable
  from drifts as d
  join pairings as l on l.pairing = d.pairing and l.pos = d.pos_source
),
aimed as (
  select
    s.*,
    case when s.target = 'ecom' then s.ecom_source else s.pos_source end as target_source,
    case when s.target = 'ecom' then s.ecom_id else s.pos_id end as target_id,
    case when s.target = 'ecom' then s.pos_source else s.ecom_source end as origin_source,
    case when s.target = 'ecom' then s.pos_id else s.ecom_id end as origin_id,
    case when s.target = 'ecom' then s.pos_key else s.ecom_key end as new_key
  from sided as s
  -- C1: contact data of a Mission Control customer is never written at the POS unless the account is known to take it
  where not (s.wins = 'mission_control' and (s.target = 'ecom' or s.contact_way <> 'pos'))
),
taken as (
  select a.anchor, a.field, min(w.id) as taken_by
  from aimed as a
  join capabilities as u on u.source = a.target_source and u.what = 'unique' and u.name = a.field
  join all_keys as k on k.source = a.target_source and k.key_kind = a.field and k.key = a.new_key and k.in_play
  join people as w on w.n = k.n
  where w.id <> a.target_id
  group by a.anchor, a.field
)
select
  a.pairing, a.field, a.anchor, a.side, a.wins, a.target, a.target_source, a.target_id, a.origin_source, a.origin_id, a.new_key, t.taken_by, a.pick,
  case a.side
    when 'ecom' then concat('changed in ', a.ecom_source, ' since both agreed')
    when 'pos' then concat('changed in ', a.pos_source, ' since both agreed')
    when 'both' then 'changed on both sides: proposed is the one touched last'
    when 'no_base' then 'they never agreed yet: a proposal'
    else 'one side is blank; a blank never erases'
  end as why,
  case
    when not a.correctable then a.why_not_correctable
    when t.taken_by is not null then concat(a.target_source, ':', t.taken_by, ' holds the value')
    when c.name is null then concat(a.target_source, ' cannot be written: change it there by hand')
    else ''
  end as blocked_by
from aimed as a
left join taken as t on t.anchor = a.anchor and t.field = a.field
left join capabilities as c on c.source = a.target_source and c.what = 'field'
  and c.name = case when a.field = 'address' then 'street' else a.field end;

-- grain: one row per link and channel: out on one side, in or pending on the other (G9)
create table consent_conflicts as
with linked as (
  select l.pairing, l.ecom_source, l.ecom_id, l.pos_source, l.pos_id,
    e.email_consent as e_email, p.email_consent as p_email, e.sms_consent as e_sms, p.sms_consent as p_sms
  from links as l
  join profiles as e on e.source = l.ecom_source and e.id = l.ecom_id
  join profiles as p on p.source = l.pos_source and p.id = l.pos_id and p.status = 'active'
  where l.state = 'active' and l.origin = 'attested'
),
channels as (
  select pairing, ecom_source, ecom_id, pos_source, pos_id, 'email' as channel, e_email as ecom_consent, p_email as pos_consent from linked
  union all
  select pairing, ecom_source, ecom_id, pos_source, pos_id, 'sms' as channel, e_sms as ecom_consent, p_sms as pos_consent from linked
),
torn as (
  select c.*, c.ecom_consent in ('in', 'pending') as ecom_is_target
  from channels as c
  where (c.ecom_consent = 'out' and c.pos_consent in ('in', 'pending')) or (c.pos_consent = 'out' and c.ecom_consent in ('in', 'pending'))
)
select
  t.pairing, concat(t.channel, '_consent') as field, t.channel,
  concat(t.pairing, '|', t.ecom_source, ':', t.ecom_id, '|', t.pos_source, ':', t.pos_id) as anchor,
  [concat(t.ecom_source, ':', t.ecom_id), concat(t.pos_source, ':', t.pos_id)] as members,
  t.ecom_source, t.ecom_id, t.pos_source, t.pos_id, t.ecom_consent, t.pos_consent,
  case when t.ecom_is_target then t.ecom_source else t.pos_source end as target_source,
  case when t.ecom_is_target then t.ecom_id else t.pos_id end as target_id,
  case
    when not l.correctable then l.why_not_correctable
    when a.name is null then 'this source cannot be written: opt out there by hand'
    else ''
  end as blocked_by
from torn as t
join pairings as l on l.pairing = t.pairing and l.pos = t.pos_source
left join capabilities as a on a.what = 'action' and a.name = 'opt_out'
  and a.source = case when t.ecom_is_target then t.ecom_source else t.pos_source end;
