-- title: pairs that look like one person until the others are asked: a profile that fits two people who contradict each other
-- rules: G6, G7, G8
-- Parameters: none. Reads `given_groups` (n, label): the components of `given_edges`. Such a group counts as one person,
-- whatever its values say: a system links it, or a person joined it.

-- grain: one row per profile, with the group that stands for it
create table placed as
select w.n, w.source, w.first_key, w.birth_key, g.label as grp
from people as w
join given_groups as g on g.n = w.n;

-- grain: one row per group: its names and birth dates, as far as they are one
-- A date counts with day and month in order of size: swapped, they neither agree nor contradict.
create table group_values as
select
  grp, case when min(first_key) = max(first_key) then min(first_key) end as first_key,
  min(year(birth_key) * 10000 + least(month(birth_key), day(birth_key)) * 100 + greatest(month(birth_key), day(birth_key))) as first_born,
  max(year(birth_key) * 10000 + least(month(birth_key), day(birth_key)) * 100 + greatest(month(birth_key), day(birth_key))) as last_born
from placed
group by grp;

-- grain: one row per two groups that share a key, left before right
-- strength of the best link: 1 name and birth date agree, 2 one of them is equal and the other silent, 3 names are alike
create table group_pairs as
select
  least(a.grp, b.grp) as left_grp, greatest(a.grp, b.grp) as right_grp,
  min(case
    when x.outcome <> 'link' then null
    when x.name_level = 'equal' and x.birth_level = 'equal' then 1
    when x.name_level in ('equal', 'silent', 'swapped') then 2
    else 3
  end) as strength,
  bool_or(x.outcome = 'apart') as apart, bool_or(x.outcome = 'household') as household
from compared as x
join placed as a on a.n = x.left_n
join placed as b on b.n = x.right_n and b.grp <> a.grp
group by least(a.grp, b.grp), greatest(a.grp, b.grp);

-- grain: one row per two groups that link although one of them fits somebody else as well, whom the other contradicts
-- Full agreement gives way to a person's word alone.
create table bridges as
with ways as (
  select left_grp as grp, right_grp as to_grp, strength from group_pairs where strength is not null
  union all
  select right_grp as grp, left_grp as to_grp, strength from group_pairs where strength is not null
),
fits as (
  select w.grp, w.to_grp, w.strength, v.first_key, v.first_born, v.last_born
  from group_values as v
  join ways as w on w.to_grp = v.grp
),
between_two as (
  select a.grp, a.to_grp, b.to_grp as other_grp, a.strength,
    a.last_born < b.first_born or b.last_born < a.first_born as born_apart,
    a.strength > 1 as unsure, a.strength = 3 and b.strength = 3 and a.first_key <> b.first_key as named_apart
  from fits as a
  join fits as b on b.grp = a.grp and b.to_grp <> a.to_grp and b.strength <= a.strength
)
select distinct least(t.grp, t.to_grp) as left_grp, greatest(t.grp, t.to_grp) as right_grp
from between_two as t
left join group_pairs as p on p.left_grp = least(t.to_grp, t.other_grp) and p.right_grp = greatest(t.to_grp, t.other_grp)
where p.apart or (t.unsure and (t.born_apart or (p.household and p.strength is null) or (t.named_apart and p.left_grp is null)));

-- grain: one row per pair that links by a name that is only alike, although there is a namesake beside the other already:
-- twins, and no typo
create table twins as
with alike as (
  select left_n as n, right_n as same_n from compared where name_level = 'equal' and outcome = 'link'
  union all
  select right_n as n, left_n as same_n from compared where name_level = 'equal' and outcome = 'link'
),
close as (
  select x.left_n, x.right_n, a.source as left_source, b.source as right_source
  from compared as x
  join people as a on a.n = x.left_n
  join people as b on b.n = x.right_n
  where x.outcome = 'link' and x.name_level in ('initial', 'typo', 'part')
),
lefts as (
  select c.*, w.source as same_source, w.n as same_n
  from people as w
  join alike as m on m.same_n = w.n
  join close as c on c.left_n = m.n
),
rights as (
  select c.*, w.source as same_source, w.n as same_n
  from people as w
  join alike as m on m.same_n = w.n
  join close as c on c.right_n = m.n
)
select left_n, right_n from lefts where same_source = right_source and left_source <> right_source
union
select left_n, right_n from rights where same_source = left_source and left_source <> right_source
union
select l.left_n, l.right_n
from lefts as l
join rights as r on r.left_n = l.left_n and r.right_n = l.right_n and r.same_source = l.same_source and r.same_n <> l.same_n;

-- grain: one row per pair, as `compared`, with the doubts that the others raise: torn (it fits people who contradict
-- each other) or twins; what a person said stands
create table asked as
select x.left_n, x.right_n, x.name_level, x.birth_level,
  case when d.left_n is null and x.outcome = 'link' and (t.left_n is not null or b.left_grp is not null) then 'candidate'
    else x.outcome end as outcome,
  case
    when d.left_n is null and x.outcome = 'link' and t.left_n is not null then 'twins'
    when d.left_n is null and x.outcome = 'link' and b.left_grp is not null then 'torn'
    else x.doubt
  end as doubt
from compared as x
join placed as l on l.n = x.left_n
join placed as r on r.n = x.right_n
left join bridges as b on b.left_grp = least(l.grp, r.grp) and b.right_grp = greatest(l.grp, r.grp)
left join twins as t on t.left_n = x.left_n and t.right_n = x.right_n
left join decided as d on d.left_n = x.left_n and d.right_n = x.right_n;

-- grain: one row per tie that is left, left before right
create table chained_edges as
select left_n, right_n from given_edges
union
select left_n, right_n from asked where outcome = 'link';
