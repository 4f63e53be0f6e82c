-- title: where merges lead, to their end
-- rules: G9, M12
-- Parameters: none.

-- grain: one row per profile that was merged away, and profile to which its merges lead, one after another
create table merges as
with recursive steps as (
  select source, id, merged_into as into_id, 1 as step
  from people
  where status = 'merged' and merged_into is not null
  union all
  select s.source, s.id, m.merged_into as into_id, s.step + 1 as step
  from people as m
  join steps as s on s.source = m.source and s.into_id = m.id
  where m.status = 'merged' and m.merged_into is not null and s.step < 20
)
select distinct source, id, into_id
from steps
where into_id <> id;
