-- title: what follows from links, drift and consent: duplicates, targets, gaps; shared by findings and plan
-- rules: G5, G6, G9, G12, G13, M5, M7, M8, M12, T2, T3, T7, T9, T10, C1, C3
-- Parameters: none.

-- grain: one row per source, kind of key, value, group and profile of it; a group are profiles in play of one entity that
-- share the value and look like one person. `place` 1 is the proposed survivor, `torn` says that two of them contradict
create table duplicates as
with alike as (
  select p.left_n, p.right_n
  from pairs as p
  join people as a on a.n = p.left_n and a.in_play
  join people as b on b.n = p.right_n and b.in_play and b.source = a.source
  where p.outcome = 'link'
),
lefts as (
  select k.source, k.key_kind, k.key, a.left_n, a.right_n
  from keys as k
  join alike as a on a.left_n = k.n
),
sharing as (
  select l.source, l.key_kind, l.key, l.left_n, l.right_n
  from keys as k
  join lefts as l on l.right_n = k.n and l.key_kind = k.key_kind and l.key = k.key
),
holders as (
  select source, key_kind, key, left_n as n from sharing
  union
  select source, key_kind, key, right_n as n from sharing
),
named as (
  select h.*, e.entity_id, min(h.n) over (partition by h.source, h.key_kind, h.key) as first_of_value,
    min(h.n) over (partition by h.source, h.key_kind, h.key, e.entity_id) as first_of_group
  from entities as e
  join holders as h on h.n = e.n
),
met as (
  select a.source, a.key_kind, a.key, a.entity_id, a.n as left_n, b.n as right_n
  from named as a
  join named as b on b.source = a.source and b.key_kind = a.key_kind and b.key = a.key and b.entity_id = a.entity_id and b.n > a.n
),
torn as (
  select m.source, m.key_kind, m.key, m.entity_id
  from pairs as p
  join met as m on m.left_n = p.left_n and m.right_n = p.right_n
  where p.outcome in ('household', 'apart')
  group by m.source, m.key_kind, m.key, m.entity_id
),
tied as (
  select pos_n as n from attested_states where state = 'active' and pos_n is not null
  union
  select ecom_n as n from attested_states where state = 'active'
),
known as (
  select h.*, w.id
  from people as w
  join named as h on h.n = w.n
),
-- T8, T10: the note says whom ECOM relies on where it stores no id
notes as (
  select l.pos as source, min(m.marker) as marker
  from markers as m
  join pairings as l on l.pairing = m.pairing
  where m.what = 'note'
  group by l.pos
)
select
  h.source, h.key_kind, h.key, h.n, h.id, h.entity_id, h.first_of_group <> h.first_of_value as further, t.entity_id is not null as torn,
  l.n is not null or coalesce(contains(p.note, m.marker), false) as tied, coalesce(p.verified, false) as verified, p.last_seen_at is not null as seen,
  row_number() over (
    partition by h.source, h.key_kind, h.key, h.entity_id
    order by case when l.n is not null then 0 when contains(p.note, m.marker) then 1 else 2 end, case when p.verified then 0 else 1 end,
      p.last_seen_at desc nulls last,
      case when regexp_matches(h.id, '^[0-9]{1,38}$') then cast(h.id as decimal(38, 0)) end nulls last, h.id
  ) as place
from profiles as p
join known as h on h.source = p.source and h.id = p.id
left join tied as l on l.n = h.n
left join notes as m on m.source = h.source
left join torn as t on t.source = h.source and t.key_kind = h.key_kind and t.key = h.key and t.entity_id = h.entity_id;

-- grain: one row per profile in play and source of its pairings whose requirements it does not meet: what it lacks, in words
create table gaps as
with asking as (
  select ecom as source, pos as needed_by from pairings
  union
  select pos as source, pos as needed_by from pairings
),
-- what a source no longer sends is missing on nobody
needs as (
  select q.source, q.needed_by, list(c.name) as names
  from asking as q
  join capabilities as c on c.source = q.needed_by and c.what = 'required'
  left join lost_fields as y on y.source = q.source and y.field = c.name
  where y.source is null
  group by q.source, q.needed_by
),
told as (
  select w.source, w.id, w.n, n.needed_by, concat_ws(', ',
    case when w.birth_key is null and list_contains(n.names, 'birth_date') then 'birth date' end,
    case when not w.has_city and list_contains(n.names, 'city') then 'city' end,
    case when not w.has_country and list_contains(n.names, 'country') then 'country' end,
    case when w.email_key is null and list_contains(n.names, 'email') then 'email' end,
    case when w.first_key is null and list_contains(n.names, 'first_name') then 'first name' end,
    case when w.last_key is null and list_contains(n.names, 'last_name') then 'last name' end,
    case when w.phone_key is null and list_contains(n.names, 'phone') then 'phone' end,
    case when not w.has_postal_code and list_contains(n.names, 'postal_code') then 'postal code' end,
    case when not w.has_street and list_contains(n.names, 'street') then 'street' end) as lacks
  from people as w
  join needs as n on n.source = w.source
  where w.in_play
)
select source, id, n, needed_by, lacks
from told
where lacks <> '';

-- grain: one row per pairing, shop profile and POS source where the first rule finds somebody who may be the customer: why
-- nobody but a person can say so
create table doubts as
select pairing, ecom_n, pos_source, case doubt
    when 'weak' then 'the first names are only alike, and the last names differ'
    when 'twins' then 'the names are only alike, and there is a namesake already'
    when 'torn' then 'it looks like several people who contradict each other'
    else 'neither name nor birth date says whether it is the same person' end as why
from candidates
where place = 1 and outcome = 'candidate';

-- grain: one row per pairing, shop profile and POS source without a good stored link, where one is due
create table relinks as
with due as (
  select e.n as ecom_n, e.source as ecom_source, e.id as ecom_id, l.pairing, l.pos as pos_source, l.vendor_sync,
    l.correctable, l.why_not_correctable, case when k.origin = 'attested' then k.state end as old_state,
    case when k.origin = 'attested' then k.pos_id end as old_id
  from people as e
  join pairings as l on l.ecom = e.source
  join sources as s on s.source = l.pos and s.certified
  join sources as es on es.source = l.ecom and es.certified
  left join (select distinct source, pos_source from link_keys) as y on y.source = l.ecom and y.pos_source = l.pos
  left join links as k on k.pairing = l.pairing and k.ecom_n = e.n and k.pos_source = l.pos
  where e.in_play and (k.state is null or k.origin = 'inferred' or k.state in ('archived', 'deleted', 'merged'))
    and (coalesce(k.origin = 'attested', false) or l.link_after = 'always' or (l.link_after = 'purchase' and e.has_purchased))
    -- X4: a vendor that syncs and stores no id has made its link where an active profile is found
    and not coalesce(l.vendor_sync and y.source is null and k.origin = 'inferred' and k.state = 'active', false)
),
-- T2, T3: before a vendor's own profile counts as missing, every key is asked, and archived profiles too
others as (
  select d.pairing, d.ecom_n, d.pos_source, min(w.n) as pos_n
  from (
    select left_n as ecom_n, right_n as pos_n from pairs where outcome = 'link'
    union all
    select right_n as ecom_n, left_n as pos_n from pairs where outcome = 'link'
  ) as x
  join due as d on d.ecom_n = x.ecom_n and d.vendor_sync
  join people as w on w.n = x.pos_n and w.source = d.pos_source and w.status in ('active', 'archived')
  group by d.pairing, d.ecom_n, d.pos_source
),
-- merged away: the link follows the vendor's own word, whatever else matches, unless the two are clearly different people
survivors as (
  select a.pairing, a.ecom_n, a.pos_source, a.pos_id as old_id, w.n as pos_n, coalesce(x.outcome in ('household', 'apart'), false) as strange
  from people as w
  join attested_states as a on a.pos_source = w.source and a.merged_into = w.id and a.state = 'merged'
  left join pairs as x on x.left_n = least(a.ecom_n, w.n) and x.right_n = greatest(a.ecom_n, w.n)
  where w.in_play
),
met as (
  select d.*, case when s.pos_n is null then c.outcome when s.strange then 'household' else 'link' end as outcome, c.pos_id as met_id,
    case when s.pos_n is not null then case when s.strange then null else s.pos_n end
      when c.outcome = 'link' and (c.pos_in_play or d.vendor_sync) then c.pos_n
      when c.outcome is null then o.pos_n end as pos_n,
    case when s.pos_n is not null then 'merge' else coalesce(c.rule, 'another key') end as rule
  from due as d
  left join survivors as s on s.pairing = d.pairing and s.ecom_n = d.ecom_n and s.pos_source = d.pos_source and s.old_id = d.old_id
  left join candidates as c on c.pairing = d.pairing and c.ecom_n = d.ecom_n and c.pos_source = d.pos_source and c.place = 1
  left join others as o on o.pairing = d.pairing and o.ecom_n = d.ecom_n and o.pos_source = d.pos_source
),
wanted as (
  select m.*, w.id as pos_id, w.in_play as pos_in_play,
    case when m.pos_n is not null then count(*) over (partition by m.pairing, m.pos_n) else 0 end as wanted_by
  from met as m
  left join people as w on w.n = m.pos_n
)
select
  d.pairing, d.ecom_source, d.ecom_id, d.ecom_n, d.pos_source, d.vendor_sync, d.old_id, d.old_state,
  case when d.old_id is null then 'missing' else 'broken' end as reason,
  d.pos_id, d.pos_n, d.pos_in_play, case when d.pos_n is not null then d.rule end as rule,
  coalesce(g.lacks, '') as lacks,
  d.pos_n is null and u.why is not null as doubtful,
  concat(d.pairing, '|', d.ecom_source, ':', d.ecom_id, '|', d.pos_source, case when d.old_id is not null then concat(':', d.old_id) else '' end)
    as anchor,
  case when d.old_id is null then 'link_missing' else concat('link_', d.old_state) end as kind,
  case
    when not d.correctable then d.why_not_correctable
    -- G9: once the link has moved on, nobody would know of it
    when b.ecom_n is not null then concat(d.pos_source, ':', d.old_id, ' opted out, and the shop does not know it yet: opt out there first')
    when x.ecom_id is not null then concat('linked to ', d.ecom_source, ':', x.ecom_id, ' already')
    when d.wanted_by > 1 then concat(d.pos_source, ':', d.pos_id, ' matches several profiles of ', d.ecom_source, ': a person picks')
    when d.pos_n is null and d.outcome = 'link' and d.met_id is distinct from d.old_id
      then concat(d.pos_source, ':', d.met_id, ' matches and is archived: restore it in the POS; nothing is created beside it')
    when d.pos_n is null and d.outcome = 'household' then 'the match is a different person: a person picks'
    when d.pos_n is null and u.why is not null then concat(u.why, ': a person picks')
    else ''
  end as blocked_by
from wanted as d
left join (
  select pairing, pos_n, min(ecom_id) as ecom_id
  from attested_states
  where state = 'active'
  group by pairing, pos_n
) as x on x.pairing = d.pairing and x.pos_n = d.pos_n
left join (
  select pairing, ecom_n, pos_source
  from broken_outs
  group by pairing, ecom_n, pos_source
) as b on b.pairing = d.pairing and b.ecom_n = d.ecom_n and b.pos_source = d.pos_source
left join doubts as u on u.pairing = d.pairing and u.ecom_n = d.ecom_n and u.pos_source = d.pos_source
left join gaps as g on g.n = d.ecom_n and g.needed_by = d.pos_source;

-- grain: one row per stored link to a profile that is out of play or gone, where no other link of the pair is good: all that
-- a finding says of it but the one sentence that depends on what became of the profile, and only a vendor's own links need
create table broken_links as
select
  a.pairing, a.state, a.pos_source, a.merged_into,
  concat(a.pairing, '|', a.ecom_source, ':', a.ecom_id, '|', a.pos_source, ':', a.pos_id) as anchor,
  [concat(a.ecom_source, ':', a.ecom_id), concat(a.pos_source, ':', a.pos_id)] as members,
  [
    struct_pack(name := 'state', value := a.state),
    struct_pack(name := 'next', value := coalesce(concat(r.pos_source, ':', r.pos_id), ''))
  ] as evidence,
  r.ecom_n is not null and l.vendor_sync as vendors_own,
  case
    when r.ecom_n is null then 'nothing is proposed before both systems have a certificate (G1)'
    when r.pos_id is not null then concat('link to ', r.pos_source, ':', r.pos_id, ' instead')
    when r.lacks <> '' then concat('add ', r.lacks, ' in the shop, so that a new profile can be created at the POS')
    else 'drop the link; create a new profile at the POS'
  end as proposal,
  coalesce(r.blocked_by, '') as blocked_by
from attested_states as a
join pairings as l on l.pairing = a.pairing and l.pos = a.pos_source
left join relinks as r on r.pairing = a.pairing and r.ecom_n = a.ecom_n and r.pos_source = a.pos_source
left join links as f on f.pairing = a.pairing and f.ecom_n = a.ecom_n and f.pos_source = a.pos_source and f.state = 'active'
where a.state <> 'active' and f.ecom_n is null;

-- grain: one row per drift: what would be written where, and what stands against it; `task`: by a person, in Mission Control (T7)
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
      when coalesce(d.e_updated, timestamp '1970-01-01 00:00:00') >= coalesce(d.p_updated, timestamp '1970-01-01 00:00:00') then 'pos'
      else 'ecom'
    end as target,
    -- G13 beats every policy: where both sides changed, or nobody knows which, a person picks
    case when d.wins in ('ask', 'suggest') or d.side in ('both', 'no_base') then 'pick' else '' end as pick,
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
    case when s.target = 'ecom' then s.pos_key else s.ecom_key end as new_key,
    -- C1: contact data of a Mission Control customer is never written at the POS unless the account is known to take it
    s.wins = 'mission_control' and (s.target = 'ecom' or s.contact_way <> 'pos') as task
  from sided as s
),
alone as (
  select a.anchor, a.field, a.target_source, a.target_id, a.new_key
  from aimed as a
  join capabilities as u on u.source = a.target_source and u.what = 'unique' and u.name = a.field
),
held as (
  select a.anchor, a.field, a.target_id, k.n
  from all_keys as k
  join alone as a on a.target_source = k.source and a.field = k.key_kind and a.new_key = k.key
  where k.in_play
),
-- two profiles that would both get a value which only one may have
rivals as (
  select target_source, field, new_key
  from alone
  group by target_source, field, new_key
  having min(target_id) < max(target_id)
),
taken as (
  select h.anchor, h.field, min(w.id) as taken_by
  from people as w
  join held as h on h.n = w.n and h.target_id <> w.id
  group by h.anchor, h.field
)
select
  a.pairing, a.field, a.anchor, a.side, a.wins, a.target, a.target_source, a.target_id, a.origin_source, a.origin_id, a.new_key,
  -- who takes what from whom is nothing to say while the link itself is in doubt
  case when x.ecom_n is null then t.taken_by end as taken_by, a.pick, a.task,
  case a.side
    when 'ecom' then concat('changed in ', a.ecom_source, ' since both agreed')
    when 'pos' then concat('changed in ', a.pos_source, ' since both agreed')
    when 'both' then 'changed on both sides: proposed is the one touched last'
    when 'no_base' then 'they never agreed yet: a proposal'
    else 'one side is blank; a blank never erases'
  end as why,
  case
    when not a.correctable and not a.task then a.why_not_correctable
    when x.ecom_n is not null then 'the link is crossed with another: a person says who is who first'
    when r.new_key is not null then concat('several profiles of ', a.target_source, ' would get the value, which only one may have: a person picks')
    when t.taken_by is not null then concat(a.target_source, ':', t.taken_by, ' holds the value')
    when a.task then ''
    when y.name is null then concat(a.target_source, ' cannot be written: change it there by hand')
    when c.name is null and f.name is not null
      then concat('the file of ', a.target_source, ' has no column for ', replace(a.field, '_', ' '), ' that an import could fill: add one, or change it there by hand')
    when c.name is null then concat(replace(a.field, '_', ' '), ' cannot be written in ', a.target_source, ': change it there by hand')
    else ''
  end as blocked_by
from aimed as a
left join taken as t on t.anchor = a.anchor and t.field = a.field
left join crossed_links as x on x.pairing = a.pairing and x.ecom_n = a.ecom_n and x.pos_n = a.pos_n
left join rivals as r on r.target_source = a.target_source and r.field = a.field and r.new_key = a.new_key
left join capabilities as c on c.source = a.target_source and c.what = 'field'
  and c.name = case when a.field = 'address' then 'street' else a.field end
left join capabilities as y on y.source = a.target_source and y.what = 'action' and y.name = 'update'
left join capabilities as f on f.source = a.target_source and f.what = 'way' and f.name = 'file';
