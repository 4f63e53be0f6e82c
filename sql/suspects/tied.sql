-- title: profiles that tiers 0 and 1 hold to be one customer: they teach the weights what one customer looks like
-- rules: G8
-- grain: adds one row per two profiles of one entity, left before right; a crowd says nothing
-- Parameters: $most (profiles of an entity above which it is left out).

insert into suspect_pairs
select a.n as left_n, b.n as right_n
from traits as a
join traits as b on b.grp = a.grp and b.n > a.n
join (select grp from traits group by grp having count(*) between 2 and $most) as g on g.grp = a.grp;
