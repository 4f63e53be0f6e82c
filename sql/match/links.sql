-- title: which POS profile each shop profile belongs to, per pairing
-- rules: M2, M3, M5, T4, G6, G8
-- Parameters: none.

-- grain: one row per pairing, POS source and shop profile that looks for one: who has no stored link that is good or cannot be judged tonight
create or replace temp table looking as
select e.n as ecom_n, l.pairing, l.ecom as ecom_source, l.pos as pos_source
from people as e
join pairings as l on l.ecom = e.source
left join attested_states as a on a.pairing = l.pairing and a.ecom_n = e.n and a.pos_source = l.pos
  and a.state in ('active', 'unseen', 'unreadable')
where e.in_play and a.ecom_n is null;

-- grain: one row per pairing, shop profile, POS source and profile there that shares a key, with the first rule that finds it
create or replace temp table ruled as
with ways as (
  select k.left_n as ecom_n, k.right_n as pos_n, k.key_kind from pair_keys as k
  union all
  select k.right_n as ecom_n, k.left_n as pos_n, k.key_kind from pair_keys as k
)
select l.pairing, l.ecom_source, l.pos_source, y.ecom_n, y.pos_n, min(r.position) as position
from ways as y
join looking as l on l.ecom_n = y.ecom_n
join people as w on w.n = y.pos_n and w.source = l.pos_source and w.status in ('active', 'archived')
join match_rules as r on r.pairing = l.pairing and r.key_kind = y.key_kind
group by l.pairing, l.ecom_source, l.pos_source, y.ecom_n, y.pos_n;

-- grain: one row per pairing, shop profile, POS source and candidate under the first rule that finds anybody
create table candidates as
with standing as (
  select u.*, x.name_level, x.birth_level, x.outcome, x.doubt,
    min(u.position) over (partition by u.pairing, u.ecom_n, u.pos_source) as first_position
  from pairs as x
  join ruled as u on least(u.ecom_n, u.pos_n) = x.left_n and greatest(u.ecom_n, u.pos_n) = x.right_n
  where x.outcome <> 'apart'
)
select
  u.pairing, u.ecom_source, e.id as ecom_id, u.ecom_n, u.pos_source, w.id as pos_id, u.pos_n, w.in_play as pos_in_play, m.key_kind as rule,
  u.name_level, u.birth_level, u.outcome, u.doubt,
  row_number() over (
    partition by u.pairing, u.ecom_n, u.pos_source
    order by case u.outcome when 'link' then 0 when 'candidate' then 1 else 2 end, case when w.in_play then 0 else 1 end,
      w.created_at nulls last, case when regexp_matches(w.id, '^[0-9]{1,38}$') then cast(w.id as decimal(38, 0)) end nulls last, w.id
  ) as place
from standing as u
join people as e on e.n = u.ecom_n
join people as w on w.n = u.pos_n
join match_rules as m on m.pairing = u.pairing and m.position = u.position
where u.position = u.first_position;

-- grain: one row per pairing, shop profile and POS source that is tied to a profile or had been
create table links as
with ranked as (
  select a.*,
    row_number() over (
      partition by a.pairing, a.ecom_n, a.pos_source
      order by case a.state when 'active' then 0 when 'unseen' then 1 when 'unreadable' then 2 when 'archived' then 3 when 'merged' then 4 else 5 end,
        case when regexp_matches(a.pos_id, '^[0-9]{1,38}$') then cast(a.pos_id as decimal(38, 0)) end nulls last, a.pos_id
    ) as place
  from attested_states as a
)
select pairing, ecom_source, ecom_id, ecom_n, pos_source, pos_id, pos_n, 'attested' as origin, 'stored id' as rule, state
from ranked
where place = 1
union all
select c.pairing, c.ecom_source, c.ecom_id, c.ecom_n, c.pos_source, c.pos_id, c.pos_n, 'inferred' as origin, c.rule,
  case when c.pos_in_play then 'active' else 'archived' end as state
from candidates as c
left join attested_states as a on a.pairing = c.pairing and a.ecom_n = c.ecom_n and a.pos_source = c.pos_source
where c.place = 1 and c.outcome = 'link' and a.ecom_n is null;
