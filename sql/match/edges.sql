-- title: what ties profiles into one entity: stored links (tier 0), decisions, and rules that hold (tier 1)
-- rules: G6, G7
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
  select least(a.n, b.n) as left_n, greatest(a.n, b.n) as right_n
  from decisions as d
  join people as a on concat(a.source, ':', a.id) = split_part(d.id, ' ', 1)
  join people as b on concat(b.source, ':', b.id) = split_part(d.id, ' ', 2)
  where d.target = 'pair' and d.verdict = 'same'
)
select t.left_n, t.right_n
from ties as t
left join (
  select least(a.n, b.n) as left_n, greatest(a.n, b.n) as right_n
  from decisions as d
  join people as a on concat(a.source, ':', a.id) = split_part(d.id, ' ', 1)
  join people as b on concat(b.source, ':', b.id) = split_part(d.id, ' ', 2)
  where d.target = 'pair' and d.verdict = 'not_same'
) as apart on apart.left_n = t.left_n and apart.right_n = t.right_n
where apart.left_n is null
order by t.left_n, t.right_n;
