-- title: consent: what the profiles of one customer say about marketing, tonight and by memory
-- rules: G9, G9b, M12
-- Parameters: $key, $today.
-- Only customers of whom somebody refuses are looked at: of all others nothing follows. Words, strongest first: erased, out,
-- pending, unknown, in; they join upwards (jobs/consent.py says the same in Python).

-- grain: one row per remembered opt-out; `accepted`: a person took it that the profile says otherwise by now
create table known_outs as
select o.*, d.id is not null as accepted
from outs as o
left join (
  select distinct id
  from decisions
  where target = 'finding' and verdict = 'accept'
) as d on d.id = substr(sha256(concat($key, '|finding|consent_raised|', o.source, ':', o.id, '|', cast(o.first_seen as varchar), '|', o.channel, '_consent')), 1, 16);

-- grain: one row per profile and customer for whom it speaks although it is no active or archived profile of theirs: merged
-- away, behind a link that broke, or gone
create table elsewhere as
select distinct w.source, w.id, e.entity_id
from (
  select m.source, m.id, s.n
  from people as s
  join people as m on m.source = s.source and m.merged_into = s.id and m.status = 'merged'
  union
  select a.pos_source as source, a.pos_id as id, a.ecom_n as n
  from attested_states as a
  left join pairs as x on x.left_n = least(a.ecom_n, a.pos_n) and x.right_n = greatest(a.ecom_n, a.pos_n)
    and x.outcome in ('household', 'apart')
  where a.state in ('archived', 'merged', 'deleted') and x.left_n is null
) as w
join entities as e on e.n = w.n
union
select o.source, o.id, o.entity_id
from known_outs as o
left join people as w on w.source = o.source and w.id = o.id
where w.n is null and o.entity_id is not null;

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
  select e.entity_id, e.source, e.id
  from entities as e
  join refusing as r on r.entity_id = e.entity_id
  union
  select x.entity_id, x.source, x.id
  from elsewhere as x
  join refusing as r on r.entity_id = x.entity_id
),
told as (
  select s.*, p.status = 'active' as in_play, p.email_consent, p.email_consent_at, p.email_consent_how,
    p.sms_consent, p.sms_consent_at, p.sms_consent_how
  from profiles as p
  join speaking as s on s.source = p.source and s.id = p.id
),
present as (
  select entity_id, source, id, in_play, 'email' as channel, email_consent as said, email_consent_at as stamp, email_consent_how as how
  from told
  where email_consent is not null
  union all
  select entity_id, source, id, in_play, 'sms' as channel, sms_consent as said, sms_consent_at as stamp, sms_consent_how as how
  from told
  where sms_consent is not null
),
remembered as (
  select s.entity_id, o.source, o.id, o.channel, o.first_seen, o.said_at, o.raised_on, o.accepted
  from known_outs as o
  join speaking as s on s.source = o.source and s.id = o.id
),
joined as (
  select coalesce(p.entity_id, r.entity_id) as entity_id, coalesce(p.source, r.source) as source, coalesce(p.id, r.id) as id,
    coalesce(p.channel, r.channel) as channel, coalesce(p.in_play, false) as in_play, p.said, p.stamp, p.how,
    r.first_seen as seen_out, r.said_at, r.raised_on, coalesce(r.accepted, false) as accepted,
    case when p.said in ('erased', 'out') then p.said when r.source is not null and not r.accepted then 'out' else p.said end as word
  from present as p
  full join remembered as r on r.entity_id = p.entity_id and r.source = p.source and r.id = p.id and r.channel = p.channel
),
timed as (
  select j.*, case when j.word = 'out' and j.seen_out is not null and not j.accepted then coalesce(j.said_at, case when j.said = 'out' then j.stamp end)
    else j.stamp end as own_time,
    case when j.word = 'out' then case when j.accepted then cast($today as date) else coalesce(j.seen_out, cast($today as date)) end end as first_seen
  from joined as j
  where j.word is not null
)
select v.entity_id, v.source, v.id, w.n, v.channel, v.in_play, v.said, v.word, v.stamp, v.how, v.seen_out, v.raised_on, v.accepted, v.own_time, v.first_seen,
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
