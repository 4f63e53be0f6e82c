-- title: what ties profiles into one entity: stored links and decisions (tier 0), and rules that hold (tier 1)
-- rules: G6, G7
-- Parameters: none.

-- grain: one row per tie, left before right
create table edges as
select left_n, right_n
from given_edges
union
select left_n, right_n
from pairs
where outcome = 'link';
