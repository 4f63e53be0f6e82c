-- title: entity ids that stay from night to night
-- rules: G7
-- Parameters: $key, $today. Reads `components` (n, label): the connected components of `edges`, one row per profile.

-- grain: one row per component, with the id it keeps or gets
create table entity_ids as
with old as (
  select w.n, r.entity_id
  from people as w
  join roll as r on r.source = w.source and r.id = w.id and r.entity_id <> ''
),
claims as (
  select c.label, o.entity_id, count(*) as profiles, min(c.n) as first_n
  from old as o
  join components as c on c.n = o.n
  group by c.label, o.entity_id
),
-- a component asks for the id that most of its profiles had; an id goes to the component that holds most of it
asked as (
  select label, entity_id, profiles, first_n,
    row_number() over (partition by label order by profiles desc, entity_id) as wish
  from claims
),
kept as (
  select label, entity_id,
    row_number() over (partition by entity_id order by profiles desc, first_n) as claim
  from asked
  where wish = 1
),
nameless as (
  select c.label, min(c.n) as first_n
  from components as c
  left join kept as k on k.label = c.label and k.claim = 1
  where k.label is null
  group by c.label
),
-- who gave an entity its id may leave it, and the others keep it: the one who left needs another
named as (
  select e.label, w.n, w.source, w.id, substr(sha256(concat($key, '|entity|', w.source, ':', w.id)), 1, 20) as entity_id
  from people as w
  join nameless as e on e.first_n = w.n
),
given as (
  select distinct r.entity_id
  from roll as r
  join named as e on e.entity_id = r.entity_id
)
select label, entity_id
from kept
where claim = 1
union all
select e.label, case when t.entity_id is null then e.entity_id
  else substr(sha256(concat($key, '|entity|', e.source, ':', e.id, '|', cast(cast($today as date) as varchar), '|', o.entity_id)), 1, 20) end as entity_id
from named as e
left join given as t on t.entity_id = e.entity_id
left join old as o on o.n = e.n;

-- grain: one row per profile
create table entities as
select w.n, w.source, w.id, i.entity_id, w.status
from components as c
join people as w on w.n = c.n
join entity_ids as i on i.label = c.label;

-- grain: one row per profile: what the next night gets as `roll`; a profile that could not be read tonight keeps its id
create table next_roll as
select source, id, entity_id
from entities
union all
select r.source, r.id, r.entity_id
from roll as r
left join entities as e on e.source = r.source and e.id = r.id
left join (select source from sources where certified) as s on s.source = r.source
left join (select distinct source, id from quarantine) as q on q.source = r.source and q.id = r.id
where e.id is null and r.entity_id <> '' and (s.source is null or q.id is not null);
