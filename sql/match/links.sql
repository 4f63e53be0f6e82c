-- title: which POS profile each shop profile belongs to, per pairing
-- rules: M2, M3, M5, M12, M13, T3, T4, G6, G8
-- Parameters: none.

-- grain: one row per shop profile, POS source and id that a system stores (tier 0)
create table attested as
select distinct w.n as ecom_n, l.pairing, l.ecom as ecom_source, w.id as ecom_id, l.pos as pos_source, u.pos_id, u.said
from (
  select source, id, unnest(links).key as key, unnest(links).id as pos_id, unnest(links).state as said
  from profiles
) as u
join people as w on w.source = u.source and w.id = u.id and w.in_play
join link_keys as k on k.source = u.source and k.key = u.key
join pairings as l on l.ecom = u.source and l.pos = k.pos_source
where u.pos_id <> '';

-- grain: one row per attested link, with what became of the profile that it names
create table attested_states as
select
  a.*, w.n as pos_n, p.merged_into,
  case
    when q.id is not null then 'unreadable'
    when p.id is null and s.certified then 'deleted'
    when p.id is null then 'unseen'
    else p.status
  end as state
from attested as a
join sources as s on s.source = a.pos_source
left join profiles as p on p.source = a.pos_source and p.id = a.pos_id
left join people as w on w.source = a.pos_source and w.id = a.pos_id
left join (select distinct source, id from quarantine) as q on q.source = a.pos_source and q.id = a.pos_id;

-- grain: one row per shop profile, POS source and candidate under the first rule that finds anybody
create table candidates as
with ways as (
  select k.left_n as ecom_n, k.right_n as pos_n, k.key_kind from pair_keys as k
  union all
  select k.right_n as ecom_n, k.left_n as pos_n, k.key_kind from pair_keys as k
),
ruled as (
  select
    l.pairing, l.ecom as ecom_source, e.id as ecom_id, e.n as ecom_n, l.pos as pos_source, w.id as pos_id, w.n as pos_n,
    w.in_play as pos_in_play, w.created_at, min(r.position) as position
  from ways as y
  join people as e on e.n = y.ecom_n and e.in_play
  join people as w on w.n = y.pos_n and w.status in ('active', 'archived')
  join pairings as l on l.ecom = e.source and l.pos = w.source
  join match_rules as r on r.pairing = l.pairing and r.key_kind = y.key_kind
  group by all
),
first_rule as (
  select pairing, ecom_n, pos_source, min(position) as position
  from ruled
  group by pairing, ecom_n, pos_source
)
select
  u.pairing, u.ecom_source, u.ecom_id, u.ecom_n, u.pos_source, u.pos_id, u.pos_n, u.pos_in_play, m.key_kind as rule,
  x.name_level, x.birth_level, x.outcome,
  row_number() over (
    partition by u.pairing, u.ecom_n, u.pos_source
    order by case x.outcome when 'link' then 0 when 'candidate' then 1 else 2 end, case when u.pos_in_play then 0 else 1 end,
      u.created_at nulls last, length(u.pos_id), u.pos_id
  ) as place
from ruled as u
join first_rule as f on f.pairing = u.pairing and f.ecom_n = u.ecom_n and f.pos_source = u.pos_source and f.position = u.position
join match_rules as m on m.pairing = u.pairing and m.position = u.position
join pairs as x on x.left_n = least(u.ecom_n, u.pos_n) and x.right_n = greatest(u.ecom_n, u.pos_n);

-- grain: one row per shop profile and POS source that is tied to a profile or had been
create table links as
with chosen as (
  select
    a.pairing, a.ecom_source, a.ecom_id, a.ecom_n, a.pos_source, a.pos_id, a.pos_n, 'attested' as origin, 'stored id' as rule, a.state,
    row_number() over (
      partition by a.pairing, a.ecom_n, a.pos_source order by case a.state when 'active' then 0 else 1 end, length(a.pos_id), a.pos_id
    ) as place
  from attested_states as a
)
select pairing, ecom_source, ecom_id, ecom_n, pos_source, pos_id, pos_n, origin, rule, state
from chosen
where place = 1
union all
select c.pairing, c.ecom_source, c.ecom_id, c.ecom_n, c.pos_source, c.pos_id, c.pos_n, 'inferred' as origin, c.rule,
  case when c.pos_in_play then 'active' else 'archived' end as state
from candidates as c
left join chosen as a on a.pairing = c.pairing and a.ecom_n = c.ecom_n and a.pos_source = c.pos_source
where c.place = 1 and c.outcome = 'link' and a.ecom_n is null;
