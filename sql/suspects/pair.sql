-- title: two customers in particular, with all that is tied to them: what `rollcall why` asks about
-- rules: G8
-- grain: one row per profile of the one entity and profile of the other, left before right
-- Parameters: $one, $other (numbers of profiles).

create table suspect_pairs as
select least(a.n, b.n) as left_n, greatest(a.n, b.n) as right_n
from traits as a
join traits as one on one.n = cast($one as bigint) and one.grp = a.grp
join traits as other on other.n = cast($other as bigint) and other.grp <> one.grp
join traits as b on b.grp = other.grp;
