-- title: profiles that went from one entity to another: splits and merges, with the old ids
-- rules: G7, G8
-- Parameters: $today.

-- grain: one row per profile, night and entity that it left; what: split (the old entity has others still, or fell apart),
-- merged (all of it went over). Kept as long as the profile is on the roll
create table next_moves as
with moved as (
  select e.source, e.id, r.entity_id as old_entity, e.entity_id as new_entity
  from entities as e
  join roll as r on r.source = e.source and r.id = e.id and r.entity_id <> '' and r.entity_id <> e.entity_id
),
parts as (
  select old_entity, count(distinct new_entity) as parts
  from moved
  group by old_entity
),
staying as (
  select distinct n.entity_id
  from next_roll as n
  join parts as p on p.old_entity = n.entity_id
),
tonight as (
  select cast(cast($today as date) as varchar) as moved_on, m.source, m.id,
    case when s.entity_id is not null or p.parts > 1 then 'split' else 'merged' end as what, m.old_entity, m.new_entity
  from moved as m
  join parts as p on p.old_entity = m.old_entity
  left join staying as s on s.entity_id = m.old_entity
)
select moved_on, source, id, what, old_entity, new_entity
from tonight
union
select m.moved_on, m.source, m.id, m.what, m.old_entity, m.new_entity
from moves as m
join next_roll as n on n.source = m.source and n.id = m.id;
