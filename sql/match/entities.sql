-- title: entity ids that stay from night to night
-- rules: G7
-- Parameters: $key. Reads `components` (n, label): the connected components of `edges`, one row per profile.

-- grain: one row per component, with the id it keeps or gets
create table entity_ids as
with claims as (
  select c.label, r.entity_id, count(*) as profiles, min(c.n) as first_n
  from components as c
  join people as w on w.n = c.n
  join roll as r on r.source = w.source and r.id = w.id
  group by c.label, r.entity_id
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
firsts as (
  select label, min(n) as first_n
  from components
  group by label
)
select
  f.label,
  coalesce(k.entity_id, substr(sha256(concat($key, '|entity|', w.source, ':', w.id)), 1, 20)) as entity_id
from firsts as f
join people as w on w.n = f.first_n
left join kept as k on k.label = f.label and k.claim = 1;

-- grain: one row per profile
create table entities as
select w.source, w.id, i.entity_id, w.status
from components as c
join people as w on w.n = c.n
join entity_ids as i on i.label = c.label;
