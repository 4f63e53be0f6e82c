-- title: customers met by chance: what fields say of two who are none, for the weights
-- rules: G8
-- Parameters: $rounds (whom each is held against), $every (every how manieth customer is taken).

-- grain: one row per pair of two entities, met by nothing but their places in the list, left before right
create table suspect_pairs as
with placed as (
  select n, grp, row_number() over (order by n) - 1 as place, count(*) over () as customers
  from traits
),
taken as (
  select a.n, a.grp, (a.place + 1 + r.place * greatest(1, a.customers // ($rounds + 1))) % a.customers as other
  from placed as a
  join placed as r on r.place < $rounds
  where a.place % $every = 0
)
select least(t.n, b.n) as left_n, greatest(t.n, b.n) as right_n
from taken as t
join placed as b on b.place = t.other and b.grp <> t.grp
group by least(t.n, b.n), greatest(t.n, b.n);
