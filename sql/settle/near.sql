-- title: which profiles the plan can have to do with, however indirectly: nothing else need be planned again
-- rules: W2
-- Parameters: none.

-- grain: one row per reason for which two profiles may matter to each other: a shared key, a stored link, a person's word, a merge,
-- an opt-out that covers both, one value that is to be written, one correction that rests on the other
create table near_edges as
with written as (
  select distinct w.source, w.id, w.origin_source, w.origin_id, w.name, w.value
  from writes as w
),
targets as (
  select p.n, w.origin_source, w.origin_id, w.name, w.value
  from people as p
  join written as w on w.source = p.source and w.id = p.id
),
origins as (
  select p.n, w.name, w.value
  from people as p
  join written as w on w.origin_source = p.source and w.origin_id = p.id
),
values_written as (
  select n, name, value from targets
  union
  select n, name, value from origins
)
select left_n, right_n from pair_keys
union
select ecom_n as left_n, pos_n as right_n from attested_states where pos_n is not null
union
select left_n, right_n from decided
union
select a.n as left_n, b.n as right_n
from people as b
join merges as m on m.source = b.source and m.into_id = b.id
join people as a on a.source = m.source and a.id = m.id
union
select a.n as left_n, b.n as right_n
from people as b
join covered as c on c.covered_source = b.source and c.covered_id = b.id
join people as a on a.source = c.source and a.id = c.id
union
select k.n as left_n, v.n as right_n
from all_keys as k
join values_written as v on v.name = k.key_kind and v.value = k.key
union
select p.n as left_n, t.n as right_n
from people as p
join targets as t on t.origin_source = p.source and t.origin_id = p.id;

-- grain: one row per profile that a correction writes, or rests on
create table near_seeds as
select p.n
from people as p
join writes as w on w.source = p.source and w.id = p.id
union
select p.n
from people as p
join writes as w on w.origin_source = p.source and w.origin_id = p.id;
