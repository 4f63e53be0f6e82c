-- title: consent: who still says yes although the customer opted out, and what is remembered for the next night
-- rules: G1, G6, G8, G9, G9a, G9b
-- Parameters: $today.

-- grain: one row per profile and channel that says yes or is about to, with what speaks for a choice of the customer's own
-- (G9a): a time and an opt-in level, later than every opt-out known, and no sign of a sync or an import
-- doubt: why it is no evidence; empty where it is
create table yeses as
with against as (
  select y.entity_id, y.source, y.id, y.channel, max(coalesce(o.own_time, cast(o.first_seen as timestamp) + interval 1 day)) as until,
    max(case when o.source <> y.source or o.id <> y.id
      then case when o.raised then cast($today as date) else o.raised_on end end) as overwritten
  from voices as o
  join voices as y on y.entity_id = o.entity_id and y.channel = o.channel and y.in_play and y.said in ('in', 'pending')
  where o.word in ('out', 'erased')
  group by y.entity_id, y.source, y.id, y.channel
),
asking as (
  select v.*, a.until, a.overwritten, count(v.stamp) over (partition by v.source, v.channel, date_trunc('minute', v.stamp)) as at_once
  from voices as v
  join against as a on a.entity_id = v.entity_id and a.source = v.source and a.id = v.id and a.channel = v.channel
)
select entity_id, source, id, n, channel, said, raised, stamp, how, seen_out, raised_anchor,
  case
    when stamp is null then 'this system keeps no time of the choice'
    when stamp <= until then 'its time is not after the opt-out'
    when stamp <= cast(overwritten as timestamp) + interval 1 day then 'another system lost the same opt-out at that time, as by a sync'
    when at_once > 1 then 'several customers have this very minute, as by an import'
    when not regexp_matches(coalesce(how, ''), '^(SINGLE|CONFIRMED)_OPT_IN') or contains(how, 'OTHER') then 'nothing says that the customer gave it in the shop'
    else ''
  end as doubt
from asking;

-- grain: one row per customer whose stored links tie people who contradict each other, or name each other's profiles (G6, G8)
create table torn_entities as
select distinct e.entity_id
from given_edges as g
join pairs as p on p.left_n = g.left_n and p.right_n = g.right_n and p.outcome in ('household', 'apart')
join entities as e on e.n = g.left_n
union
select distinct e.entity_id
from crossed_links as c
join entities as e on e.n = c.ecom_n
where c.how = 'swapped';

-- grain: one row per profile to be opted out, channel, and profile of the same customer that said no; in a customer whose
-- stored links tie people who contradict each other (G6) a no reaches only who is tied to it directly, and by a person, and whom it covered before
create table refusals as
with met as (
  select y.entity_id, y.source, y.id, y.n, y.channel, y.said, o.source as by_source, o.id as by_id, o.n as by_n, o.said as by_said, o.word as by_word, o.no_of_out, o.since,
    t.entity_id is not null as in_torn
  from voices as o
  join yeses as y on y.entity_id = o.entity_id and y.channel = o.channel and not y.raised and (y.source <> o.source or y.id <> o.id)
  left join torn_entities as t on t.entity_id = o.entity_id
  where o.word in ('out', 'erased')
),
tied as (
  select pairing, ecom_source, ecom_id, pos_source, pos_id from ties
  union
  select pairing, ecom_source, ecom_id, pos_source, pos_id from attested_states where state in ('archived', 'merged', 'deleted')
),
linked as (
  select m.source, m.id, m.channel, m.by_source, m.by_id, t.pairing, true as yes_in_shop
  from tied as t
  join met as m on m.source = t.ecom_source and m.id = t.ecom_id and m.by_source = t.pos_source and m.by_id = t.pos_id
  union all
  select m.source, m.id, m.channel, m.by_source, m.by_id, t.pairing, false as yes_in_shop
  from tied as t
  join met as m on m.source = t.pos_source and m.id = t.pos_id and m.by_source = t.ecom_source and m.by_id = t.ecom_id
),
firsts as (
  select source, id, channel, by_source, by_id, min(pairing) as pairing, bool_or(yes_in_shop) as yes_in_shop
  from linked
  group by source, id, channel, by_source, by_id
)
select m.*, l.pairing, coalesce(l.yes_in_shop, false) as yes_in_shop,
  coalesce(x.outcome in ('household', 'apart'), false) or k.left_n is not null as strange
from met as m
left join firsts as l on l.source = m.source and l.id = m.id and l.channel = m.channel and l.by_source = m.by_source and l.by_id = m.by_id
left join pairs as x on x.left_n = least(m.n, m.by_n) and x.right_n = greatest(m.n, m.by_n)
left join edges as e on e.left_n = least(m.n, m.by_n) and e.right_n = greatest(m.n, m.by_n)
left join (
  select distinct least(ecom_n, pos_n) as left_n, greatest(ecom_n, pos_n) as right_n
  from crossed_links
  where how = 'swapped'
) as k on k.left_n = least(m.n, m.by_n) and k.right_n = greatest(m.n, m.by_n)
left join covered as c on c.source = m.by_source and c.id = m.by_id and c.channel = m.channel and c.covered_source = m.source and c.covered_id = m.id
where not m.in_torn or m.by_n is null or e.left_n is not null or c.id is not null;

-- grain: one row per profile and channel that says yes against an opt-out of its own (consent_raised) or of another profile of
-- the customer (consent_conflict), beside the no that concerns it most: that of a profile linked with it, else the first
create table consent_conflicts as
with ranked as (
  select r.*, row_number() over (
      partition by r.source, r.id, r.channel
      order by case when r.strange then 1 else 0 end, case when r.pairing is not null then 0 else 1 end, r.since, r.by_source, r.by_id
    ) as place
  from refusals as r
),
wrong as (
  select 'consent_conflict' as kind, entity_id, source, id, channel, said, by_source, by_id, by_said, by_word, no_of_out, pairing, yes_in_shop, strange,
    cast(null as date) as seen_out, cast(null as varchar) as raised_anchor
  from ranked
  where place = 1
  union all
  select 'consent_raised' as kind, entity_id, source, id, channel, said, source as by_source, id as by_id, said as by_said, 'out' as by_word,
    1 as no_of_out, cast(null as varchar) as pairing, false as yes_in_shop, false as strange, seen_out, raised_anchor
  from yeses
  where raised
),
-- the policy of a profile that is tied to nobody concerned: that of its own pairing, one that may be corrected first
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
select
  c.kind, coalesce(c.pairing, h.pairing, '') as pairing, concat(c.channel, '_consent') as field, c.channel,
  case
    when c.kind = 'consent_raised' then c.raised_anchor
    else concat(
      case
        when c.pairing is null then concat(c.source, ':', c.id, '|', c.by_source, ':', c.by_id)
        when c.yes_in_shop then concat(c.pairing, '|', c.source, ':', c.id, '|', c.by_source, ':', c.by_id)
        else concat(c.pairing, '|', c.by_source, ':', c.by_id, '|', c.source, ':', c.id)
      end,
      case when c.no_of_out > 1 then concat('|', c.no_of_out) else '' end
    )
  end as anchor,
  case
    when c.kind = 'consent_raised' then [concat(c.source, ':', c.id)]
    when c.yes_in_shop then [concat(c.source, ':', c.id), concat(c.by_source, ':', c.by_id)]
    else [concat(c.by_source, ':', c.by_id), concat(c.source, ':', c.id)]
  end as members,
  c.source as target_source, c.id as target_id, c.said as target_consent, c.by_source, c.by_id, c.by_said, c.by_word, c.seen_out,
  y.stamp, y.how, y.doubt, f.source as first_source, f.id as first_id, f.own_time as first_time, f.first_seen,
  case
    when c.strange then 'the stored link ties two people who contradict each other: a person says who this is'
    when l.pairing is not null and not l.correctable then l.why_not_correctable
    when l.pairing is null and not coalesce(h.correctable, true) then h.why_not_correctable
    when not b.certified and c.by_said is not null then concat(c.by_source, ' has no certificate tonight (G1)')
    when a.name is null and u.name is not null
      then concat('an opt-out cannot be written in ', c.source, ', where other fields can: opt out there by hand')
    when a.name is null then 'this source cannot be written: opt out there by hand'
    else ''
  end as blocked_by
from wrong as c
join yeses as y on y.entity_id = c.entity_id and y.source = c.source and y.id = c.id and y.channel = c.channel
join entity_consents as f on f.entity_id = c.entity_id and f.channel = c.channel
left join pairings as l on l.pairing = c.pairing and l.pos = case when c.yes_in_shop then c.by_source else c.source end
left join homes as h on h.source = c.source and h.place = 1
left join sources as b on b.source = c.by_source
left join capabilities as a on a.what = 'action' and a.name = 'opt_out' and a.source = c.source
left join capabilities as u on u.what = 'action' and u.name = 'update' and u.source = c.source;

-- grain: one row per link that broke whose POS profile opted out of a channel that the shop has as in (G9)
create table broken_outs as
with outs_of_links as (
  select a.pairing, a.ecom_n, a.pos_source, a.pos_id, v.entity_id, v.channel
  from attested_states as a
  join voices as v on v.source = a.pos_source and v.id = a.pos_id and v.word in ('out', 'erased')
  where a.state in ('archived', 'merged', 'deleted')
)
select distinct o.pairing, o.ecom_n, o.pos_source, o.pos_id
from outs_of_links as o
join yeses as y on y.n = o.ecom_n and y.entity_id = o.entity_id and y.channel = o.channel;

-- grain: one row per profile and channel: the opt-outs that the next night remembers, and whom else each covers. None is ever
-- dropped, whoever is there tonight; a snapshot without a certificate adds none. After a person took one back, the next is a new one
create table next_outs as
with tonight as (
  select e.entity_id, e.source, e.id, 'email' as channel
  from entities as e
  join people as w on w.n = e.n and w.email_consent in ('out', 'erased')
  union all
  select e.entity_id, e.source, e.id, 'sms' as channel
  from entities as e
  join people as w on w.n = e.n and w.sms_consent in ('out', 'erased')
),
seen as (
  select t.entity_id, t.source, t.id, t.channel, case when t.channel = 'email' then p.email_consent_at else p.sms_consent_at end as stamp
  from profiles as p
  join tonight as t on t.source = p.source and t.id = p.id
  join sources as s on s.source = t.source and s.certified
),
raises as (
  select y.source, y.id, y.channel
  from yeses as y
  join sources as s on s.source = y.source and s.certified
  where y.raised
),
met as (
  select coalesce(t.source, o.source) as source, coalesce(t.id, o.id) as id, coalesce(t.channel, o.channel) as channel,
    coalesce(o.kept_id, t.id) as kept_id, t.source is not null and coalesce(o.accepted, true) as is_new, t.stamp,
    o.nth, o.first_seen, o.said_at, o.raised_on, o.entity_id as last_entity
  from seen as t
  full join known_outs as o on o.source = t.source and o.id = t.id and o.channel = t.channel
),
-- whom it reaches tonight, and whom it reached before
reached as (
  select m.source, m.id, m.channel, e.source as covered_source, e.id as covered_id
  from voices as v
  join met as m on m.source = v.source and m.id = v.id and m.channel = v.channel
  join entities as e on e.entity_id = v.entity_id and (e.source <> v.source or e.id <> v.id)
  left join torn_entities as t on t.entity_id = v.entity_id
  left join edges as g on g.left_n = least(v.n, e.n) and g.right_n = greatest(v.n, e.n)
  left join pairs as x on x.left_n = least(v.n, e.n) and x.right_n = greatest(v.n, e.n) and x.outcome in ('household', 'apart')
  where v.word in ('out', 'erased') and x.left_n is null and (t.entity_id is null or g.left_n is not null)
  union
  select o.source, o.id, o.channel, o.who.source as covered_source, o.who.id as covered_id
  from (
    select k.source, k.id, k.channel, unnest(k.covers) as who
    from known_outs as k
    join met as m on m.source = k.source and m.id = k.id and m.channel = k.channel and not m.is_new
  ) as o
),
covering as (
  select source, id, channel, list_sort(list(struct_pack(source := covered_source, id := covered_id))) as covers
  from reached
  group by source, id, channel
)
select m.source, m.kept_id as id, m.channel,
  case when m.is_new then coalesce(m.nth, 0) + 1 else m.nth end as nth,
  case when m.is_new then cast($today as date) else m.first_seen end as first_seen,
  case when m.is_new then m.stamp else coalesce(m.said_at, m.stamp) end as said_at,
  case when m.is_new then null when i.source is not null then cast($today as date) else m.raised_on end as raised_on,
  coalesce(e.entity_id, m.last_entity) as entity_id,
  c.covers
from met as m
left join raises as i on i.source = m.source and i.id = m.id and i.channel = m.channel
left join entities as e on e.source = m.source and e.id = m.id
left join covering as c on c.source = m.source and c.id = m.id and c.channel = m.channel;
