-- title: which profile of a customer could be merged into which other one of the same system, and what stands against it
-- rules: G6, G8, G9, G10, G11, M10, T8, T9, T10
-- Parameters: $key.

-- grain: one row per profile of a customer who has several in one shop that share no phone or email: other systems tie them.
-- `place` 1 is the proposed survivor: a shop keeps who has an email before who has none (sheet of Shopify, Merge)
create table accounts as
with several as (
  select e.source, e.entity_id
  from entities as e
  join people as w on w.n = e.n and w.in_play
  join sources as s on s.source = e.source and s.role = 'ecom'
  group by e.source, e.entity_id
  having count(*) > 1
),
named as (
  select v.source, v.entity_id, e.n, e.id
  from entities as e
  join several as v on v.source = e.source and v.entity_id = e.entity_id
  join people as w on w.n = e.n and w.in_play
  left join (select distinct source, entity_id from duplicates) as d on d.source = v.source and d.entity_id = v.entity_id
  where d.source is null
),
met as (
  select a.source, a.entity_id, a.n as left_n, b.n as right_n
  from named as a
  join named as b on b.source = a.source and b.entity_id = a.entity_id and b.n > a.n
),
torn as (
  select m.source, m.entity_id
  from pairs as p
  join met as m on m.left_n = p.left_n and m.right_n = p.right_n
  where p.outcome in ('household', 'apart')
  group by m.source, m.entity_id
),
known as (
  select h.*, w.email_key is not null as has_email
  from people as w
  join named as h on h.n = w.n
)
select h.source, h.entity_id, h.n, h.id, t.entity_id is not null as torn, l.n is not null as tied,
  row_number() over (
    partition by h.source, h.entity_id
    order by case when h.has_email then 0 else 1 end, case when l.n is not null then 0 else 1 end,
      case when p.has_purchased then 0 else 1 end, p.created_at nulls last,
      case when regexp_matches(h.id, '^[0-9]{1,38}$') then cast(h.id as decimal(38, 0)) end nulls last, h.id
  ) as place
from profiles as p
join known as h on h.source = p.source and h.id = p.id
left join (select distinct ecom_n as n from attested_states where state = 'active') as l on l.n = h.n
left join torn as t on t.source = h.source and t.entity_id = h.entity_id;

-- grain: one row per profile that belongs into another of its customer in the same system, and the finding that says so. A night
-- folds one into each survivor, and nobody who is to take in somebody else first, so that no merge changes what another rests on
create table mergers as
with groups as (
  select source, concat('duplicate_', key_kind) as kind, key_kind as field, entity_id, n, id, place,
    concat(source, '|', sha256(concat($key, '|', key)), case when further then concat('|', entity_id) else '' end) as anchor
  from duplicates
  where not torn
  union all
  select source, 'duplicate_account' as kind, '' as field, entity_id, n, id, place, concat(source, '|', entity_id) as anchor
  from accounts
  where not torn
),
kept as (
  select source, kind, field, anchor, entity_id, n, id from groups where place = 1
),
folded as (
  select g.source, g.kind, g.field, g.anchor, g.entity_id, k.n as survivor_n, k.id as survivor_id, g.n as loser_n, g.id as loser_id, g.place
  from groups as g
  join kept as k on k.source = g.source and k.kind = g.kind and k.anchor = g.anchor
  left join (select distinct n from kept) as o on o.n = g.n
  where g.place > 1 and o.n is null
),
once as (
  select f.*, row_number() over (partition by f.loser_n order by f.kind desc, f.anchor) as of_loser
  from folded as f
),
single as (
  select o.*, row_number() over (partition by o.survivor_n order by o.place, o.kind desc, o.anchor) as of_survivor
  from once as o
  where o.of_loser = 1
),
-- the policy of the pairing that may be corrected, where one may
homes as (
  select source, pairing, correctable, why_not_correctable, row_number() over (
      partition by source
      order by case when correctable then 0 else 1 end, pairing, why_not_correctable
    ) as place
  from (
    select ecom as source, pairing, correctable, why_not_correctable from pairings
    union
    select pos as source, pairing, correctable, why_not_correctable from pairings
  ) as both_sides
)
select s.source, s.kind, s.field, s.anchor, s.entity_id, s.survivor_n, s.survivor_id, s.loser_n, s.loser_id,
  h.pairing, coalesce(h.correctable, false) as correctable, coalesce(h.why_not_correctable, '') as why_not_correctable
from single as s
left join homes as h on h.source = s.source and h.place = 1
where s.of_survivor = 1;

-- grain: one row per merger and side of it
create table merger_sides as
select source, survivor_n, survivor_id, loser_id, survivor_n as n, survivor_id as id from mergers
union all
select source, survivor_n, survivor_id, loser_id, loser_n as n, loser_id as id from mergers;

-- grain: one row per merger, channel and word of which one of the two refused, tonight or on a night that is remembered (G9, G9b)
create table merged_outs as
select distinct m.source, m.survivor_n, m.survivor_id, m.loser_id, v.channel, v.word
from voices as v
join merger_sides as m on m.n = v.n
where v.word in ('out', 'erased');

-- grain: one row per stored link of a shop profile that would be merged away: where it leads, and where the survivor's leads
create table merged_links as
select m.source, m.survivor_id, m.loser_id, a.pos_source, a.pos_id, min(b.pos_id) as kept_id, a.state
from attested_states as a
join mergers as m on m.loser_n = a.ecom_n
left join attested_states as b on b.ecom_n = m.survivor_n and b.pos_source = a.pos_source and b.state = 'active'
where a.state = 'active'
group by m.source, m.survivor_id, m.loser_id, a.pos_source, a.pos_id, a.state;

-- grain: one row per merger: what stands against it, in words; empty where nothing does. A balance, an opt-out or a link that nobody
-- could bring back goes before the wish for one profile
create table merge_blocks as
with told as (
  select m.source, m.survivor_id, m.loser_id, concat_ws(' and ',
    case when coalesce(try_cast(p.points as double) <> 0, p.points is not null) then concat(p.points, ' points') end,
    case when coalesce(try_cast(p.credit as double) <> 0, p.credit is not null) then concat(p.credit, ' of credit') end) as balances,
    concat_ws(' and ', case when p.points is null and b.points then 'points' end, case when p.credit is null and b.credit then 'credit' end) as untold,
    coalesce(contains(p.note, k.marker), false) as marked
  from profiles as p
  join mergers as m on m.source = p.source and m.loser_id = p.id
  left join (
    select source, bool_or(name = 'points') as points, bool_or(name = 'credit') as credit
    from capabilities
    where what = 'balance'
    group by source
  ) as b on b.source = m.source
  left join (
    select l.pos as source, min(x.marker) as marker
    from markers as x
    join pairings as l on l.pairing = x.pairing
    where x.what = 'note'
    group by l.pos
  ) as k on k.source = m.source
),
born as (
  select m.source, m.survivor_id, m.loser_id, count(distinct w.birth_key) as birth_days
  from people as w
  join merger_sides as m on m.n = w.n
  group by m.source, m.survivor_id, m.loser_id
),
clashes as (
  select source, survivor_id, loser_id, min(concat(pos_source, ':', pos_id, ' and ', pos_source, ':', kept_id)) as names
  from merged_links
  where kept_id <> pos_id
  group by source, survivor_id, loser_id
),
refused as (
  select o.source, o.survivor_id, o.loser_id, min(case when a.name is null or c.name is null or y.apply is null then o.channel end) as no_way
  from merged_outs as o
  join mergers as m on m.source = o.source and m.survivor_id = o.survivor_id and m.loser_id = o.loser_id
  left join capabilities as a on a.source = o.source and a.what = 'action' and a.name = 'opt_out'
  left join capabilities as c on c.source = o.source and c.what = 'consent' and c.name = o.channel
  left join action_policies as y on y.pairing = m.pairing and y.action = 'opt_out' and y.apply <> 'off'
  group by o.source, o.survivor_id, o.loser_id
),
asking as (
  select m.source, m.survivor_id, m.loser_id, min(concat(c.target_source, ':', c.target_id)) as who
  from consent_conflicts as c
  join merger_sides as m on m.source = c.target_source and m.id = c.target_id
  group by m.source, m.survivor_id, m.loser_id
),
crossed as (
  select m.source, m.survivor_n, m.survivor_id, m.loser_id, c.pairing, c.anchor
  from crossed_links as c
  join merger_sides as m on m.n = c.ecom_n
  union
  select m.source, m.survivor_n, m.survivor_id, m.loser_id, c.pairing, c.anchor
  from crossed_links as c
  join merger_sides as m on m.n = c.pos_n
),
-- two accounts that share a link with nobody else are what a merge is for
strangers as (
  select x.source, x.survivor_id, x.loser_id, min(concat(c.ecom_source, ':', c.ecom_id)) as who
  from crossed_links as c
  join crossed as x on x.pairing = c.pairing and x.anchor = c.anchor
  left join merger_sides as k on k.source = x.source and k.survivor_n = x.survivor_n and k.loser_id = x.loser_id and k.n = c.ecom_n
  where k.n is null
  group by x.source, x.survivor_id, x.loser_id
),
linked as (
  select pos_source, pos_id, min(concat(ecom_source, ':', ecom_id)) as shop
  from attested_states
  where state = 'active'
  group by pos_source, pos_id
)
select m.source, m.survivor_id, m.loser_id,
  case
    when e.entity_id is not null then 'the customer was erased somewhere (G10): nothing is merged'
    when n.birth_days > 1 then 'their birth dates differ: a person finds out who is who'
    when t.balances <> '' then concat(m.source, ':', m.loser_id, ' holds ', t.balances, ': a person merges, and looks at the balance after (G11)')
    when t.untold <> '' then concat('nobody knows the ', t.untold, ' of ', m.source, ':', m.loser_id, ': a person merges (G11)')
    when l.shop is not null then concat(l.shop, ' is linked to ', m.source, ':', m.loser_id, ': a person says whose it is first (T10)')
    when t.marked then concat(m.source, ':', m.loser_id, ' carries the note of a linked profile: a person says whose it is first (T8)')
    when d.who is not null then concat('a link of theirs is crossed with one of ', d.who, ': a person says who is who first')
    when x.names is not null then concat('their links lead to ', x.names, ': merge those first, a shop keeps one of two')
    when q.who is not null then concat(q.who, ' says yes against an opt-out of the customer: opt out there first (G9)')
    when r.no_way is not null then concat('an opt-out of ', r.no_way, ' could not be written on who stays: a person merges, and opts out by hand (G9)')
    when c.name is not null and not m.correctable then m.why_not_correctable
    else ''
  end as blocked_by
from mergers as m
join told as t on t.source = m.source and t.survivor_id = m.survivor_id and t.loser_id = m.loser_id
join born as n on n.source = m.source and n.survivor_id = m.survivor_id and n.loser_id = m.loser_id
left join capabilities as c on c.source = m.source and c.what = 'action' and c.name = 'merge'
left join (select distinct entity_id from entity_consents where word = 'erased') as e on e.entity_id = m.entity_id
left join linked as l on l.pos_source = m.source and l.pos_id = m.loser_id
left join strangers as d on d.source = m.source and d.survivor_id = m.survivor_id and d.loser_id = m.loser_id
left join clashes as x on x.source = m.source and x.survivor_id = m.survivor_id and x.loser_id = m.loser_id
left join asking as q on q.source = m.source and q.survivor_id = m.survivor_id and q.loser_id = m.loser_id
left join refused as r on r.source = m.source and r.survivor_id = m.survivor_id and r.loser_id = m.loser_id;

-- grain: one row per profile that a finding about several profiles of one customer names: what a merge would touch (G11)
create table balances as
select g.source, g.id, list_filter([
    case when p.points is not null then struct_pack(name := concat('points@', g.source, ':', g.id), value := p.points) end,
    case when p.credit is not null then struct_pack(name := concat('credit@', g.source, ':', g.id), value := p.credit) end
  ], lambda f: f is not null) as facts
from profiles as p
join (
  select source, id from duplicates
  union
  select source, id from accounts
) as g on g.source = p.source and g.id = p.id
where p.points is not null or p.credit is not null;
