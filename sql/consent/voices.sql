-- title: consent: what the profiles of one customer say about marketing, tonight and by memory
-- rules: G9, G9b, M12
-- Parameters: $key, $today.
-- Only customers of whom somebody refuses are looked at: of all others nothing follows. Words, strongest first: erased, out,
-- pending, unknown, in; they join upwards (jobs/consent.py says the same in Python).

-- grain: one row per profile that a remembered opt-out names, as it was kept, with how it is spelled tonight: an id of digits is the
-- same with zeros before it and without
create table known_ids as
with meant as (
  select source, id
  from outs
  union
  select u.who.source as source, u.who.id as id
  from (select unnest(covers) as who from outs) as u
),
alike as (
  select m.source, m.id, min(p.id) as now_id, bool_or(p.id = m.id) as as_kept
  from profiles as p
  join meant as m on m.source = p.source and regexp_replace(m.id, '^0+', '', 'g') = regexp_replace(p.id, '^0+', '', 'g')
  where regexp_matches(p.id, '^[0-9]+$') and regexp_matches(m.id, '^[0-9]+$')
  group by m.source, m.id
)
select m.source, m.id, case when a.as_kept then m.id else coalesce(a.now_id, m.id) end as now_id
from meant as m
left join alike as a on a.source = m.source and a.id = m.id;

-- grain: one row per remembered opt-out; `accepted`: a person took it that the profile says otherwise by now. The anchor of that
-- finding names this opt-out and no later one: `nth` counts those of the profile
create table known_outs as
with spelled as (
  select o.source, k.now_id, o.id as kept_id, o.channel, coalesce(o.nth, 1) as nth, o.first_seen, o.said_at, o.raised_on, o.entity_id, o.covers,
    row_number() over (
      partition by o.source, k.now_id, o.channel
      order by case when o.id = k.now_id then 0 else 1 end, o.first_seen, o.id
    ) as place
  from outs as o
  join known_ids as k on k.source = o.source and k.id = o.id
),
named as (
  select source, case when place = 1 then now_id else kept_id end as id, kept_id, channel, nth, first_seen, said_at, raised_on, entity_id, covers,
    concat(source, ':', kept_id, '|', cast(first_seen as varchar), case when nth > 1 then concat('|', nth) else '' end) as anchor
  from spelled
)
select o.*, d.id is not null as accepted
from named as o
left join (
  select distinct id
  from decisions
  where target = 'finding' and verdict = 'accept'
) as d on d.id = substr(sha256(concat($key, '|finding|consent_raised|', o.anchor, '|', o.channel, '_consent')), 1, 16);

-- grain: one row per opt-out that is remembered and stands, and other profile that it covered on some night
create table covered as
select distinct o.source, o.id, o.channel, k.source as covered_source, k.now_id as covered_id
from (
  select source, id, channel, unnest(covers) as who
  from known_outs
  where not accepted
) as o
join known_ids as k on k.source = o.who.source and k.id = o.who.id;

-- grain: one row per profile, channel, and customer for whom it speaks although it is no profile of theirs: merged away, behind a link
-- that broke, gone, or parted from who was covered by its opt-out (of that, only the opt-out is heard)
create table elsewhere as
with channels as (
  select 'email' as channel
  union all
  select 'sms' as channel
),
broken as (
  select a.ecom_n, a.pos_source, a.pos_id
  from attested_states as a
  left join pairs as x on x.left_n = least(a.ecom_n, a.pos_n) and x.right_n = greatest(a.ecom_n, a.pos_n)
    and x.outcome in ('household', 'apart')
  where a.state in ('archived', 'merged', 'deleted') and x.left_n is null
),
follows as (
  select m.source, m.id, s.n
  from people as s
  join merges as m on m.source = s.source and m.into_id = s.id
  union
  select pos_source as source, pos_id as id, ecom_n as n
  from broken
  union
  select m.source, m.id, b.ecom_n as n
  from broken as b
  join merges as m on m.source = b.pos_source and m.into_id = b.pos_id
),
speakers as (
  select f.source, f.id, c.channel, e.entity_id
  from entities as e
  join follows as f on f.n = e.n
  cross join channels as c
  union
  select v.source, v.id, v.channel, e.entity_id
  from entities as e
  join covered as v on v.covered_source = e.source and v.covered_id = e.id
  union
  select o.source, o.id, o.channel, e.entity_id
  from entities as e
  join known_outs as o on o.entity_id = e.entity_id
  left join people as w on w.source = o.source and w.id = o.id
  where w.n is null
)
select s.source, s.id, s.channel, s.entity_id
from speakers as s
left join entities as e on e.source = s.source and e.id = s.id and e.entity_id = s.entity_id
where e.n is null;

-- grain: one row per customer of whom somebody refuses, or did on an earlier night
create table refusing as
with refusers as (
  select source, id from people
  where email_consent in ('out', 'erased') or sms_consent in ('out', 'erased')
  union
  select source, id from known_outs
)
select e.entity_id
from entities as e
join refusers as r on r.source = e.source and r.id = e.id
union
select x.entity_id
from elsewhere as x
join refusers as r on r.source = x.source and r.id = x.id;

-- grain: one row per customer of whom somebody refuses, channel, and profile that says something about it
-- said: its word tonight; word: the same, but out where an opt-out is remembered and nobody took it back
-- since: when it was first known, by its own time where it has one (own_time), else by the night on which it was first seen
create table voices as
with speaking as (
  select e.entity_id, e.source, e.id, c.channel, true as belongs
  from entities as e
  join refusing as r on r.entity_id = e.entity_id
  cross join (
    select 'email' as channel
    union all
    select 'sms' as channel
  ) as c
  union all
  select x.entity_id, x.source, x.id, x.channel, false as belongs
  from elsewhere as x
  join refusing as r on r.entity_id = x.entity_id
),
told as (
  select s.entity_id, s.source, s.id, s.channel, s.belongs and p.status = 'active' as in_play,
    case when s.channel = 'email' then p.email_consent else p.sms_consent end as said,
    case when s.channel = 'email' then p.email_consent_at else p.sms_consent_at end as stamp,
    case when s.channel = 'email' then p.email_consent_how else p.sms_consent_how end as how
  from profiles as p
  join speaking as s on s.source = p.source and s.id = p.id
),
present as (
  select *
  from told
  where said is not null
),
remembered as (
  select s.entity_id, o.source, o.id, o.channel, o.nth, o.anchor, o.first_seen, o.said_at, o.raised_on, o.accepted
  from known_outs as o
  join speaking as s on s.source = o.source and s.id = o.id and s.channel = o.channel
),
joined as (
  select coalesce(p.entity_id, r.entity_id) as entity_id, coalesce(p.source, r.source) as source, coalesce(p.id, r.id) as id,
    coalesce(p.channel, r.channel) as channel, coalesce(p.in_play, false) as in_play, p.said, p.stamp, p.how,
    r.nth, r.anchor as raised_anchor, r.first_seen as seen_out, r.said_at, r.raised_on, coalesce(r.accepted, false) as accepted,
    case when p.said in ('erased', 'out') then p.said when r.source is not null and not r.accepted then 'out' else p.said end as word
  from present as p
  full join remembered as r on r.entity_id = p.entity_id and r.source = p.source and r.id = p.id and r.channel = p.channel
),
timed as (
  select j.*, case when j.word = 'out' and j.seen_out is not null and not j.accepted then coalesce(j.said_at, case when j.said = 'out' then j.stamp end)
    else j.stamp end as own_time,
    case when j.word in ('out', 'erased') then case when j.accepted then cast($today as date) else coalesce(j.seen_out, cast($today as date)) end end as first_seen,
    -- a refusal after one that a person took back is another
    coalesce(case when j.accepted then j.nth + 1 else j.nth end, 1) as no_of_out
  from joined as j
  where j.word is not null
)
select v.entity_id, v.source, v.id, w.n, v.channel, v.in_play, v.said, v.word, v.stamp, v.how, v.seen_out, v.raised_anchor, v.no_of_out, v.raised_on, v.accepted, v.own_time, v.first_seen,
  coalesce(v.own_time, cast(v.first_seen as timestamp)) as since,
  case v.word when 'erased' then 4 when 'out' then 3 when 'pending' then 2 when 'unknown' then 1 else 0 end as strength,
  v.seen_out is not null and not v.accepted and v.said = 'in' as raised
from timed as v
left join people as w on w.source = v.source and w.id = v.id;

-- grain: one row per customer of whom somebody refuses, and channel: the strongest word, and who said it first
create table entity_consents as
with ranked as (
  select entity_id, channel, word, source, id, own_time, first_seen, since, row_number() over (
      partition by entity_id, channel
      order by strength desc, since nulls last, source, id
    ) as place
  from voices
)
select entity_id, channel, word, source, id, own_time, first_seen, since
from ranked
where place = 1;
