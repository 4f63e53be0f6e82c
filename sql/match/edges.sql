-- title: what ties profiles into one entity: stored links and decisions (tier 0), and rules that hold (tier 1)
-- rules: G6, G7
-- Parameters: none.

-- grain: one row per tie, left before right
create table edges as
with ties as (
  select least(ecom_n, pos_n) as left_n, greatest(ecom_n, pos_n) as right_n
  from attested_states
  where pos_n is not null and state in ('active', 'archived')
  union
  select left_n, right_n
  from pairs
  where outcome = 'link'
  union
  select left_n, right_n
  from decided
  where verdict = 'same'
)
select t.left_n, t.right_n
from ties as t
left join decided as d on d.left_n = t.left_n and d.right_n = t.right_n and d.verdict = 'not_same'
where d.left_n is null;
