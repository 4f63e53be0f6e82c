-- title: chains: what still ties people who contradict each other, over more than one profile between them, is not crossed
-- rules: G6, G7, G8
-- Parameters: none. Reads `chained_groups` (n, label): the components of `chained_edges`.

-- grain: one row per component that holds two groups which contradict each other
create table torn_chains as
with chained as (
  select p.grp, min(c.label) as label
  from placed as p
  join chained_groups as c on c.n = p.n
  group by p.grp
),
born as (
  select c.label, v.first_born, v.last_born
  from group_values as v
  join chained as c on c.grp = v.grp
  where v.first_born is not null
)
select label, bool_or(apart) as apart
from (
  select a.label, p.apart
  from group_pairs as p
  join chained as a on a.grp = p.left_grp
  join chained as b on b.grp = p.right_grp and b.label = a.label
  where p.apart or (p.household and p.strength is null)
  union all
  select label, false as apart
  from born
  group by label
  having max(first_born) > min(last_born)
) as t
group by label;

-- grain: one row per pair: what two profiles are to each other tonight; in a torn chain only full agreement ties, and
-- not even that where a person said that two of its profiles are not the same
-- doubt: why a person is asked, where the outcome is candidate: silence | weak | twins | torn
create table pairs as
with seen as (
  select x.*, x.outcome = 'link' and t.label is not null and d.left_n is null
    and (t.apart or not (x.name_level = 'equal' and x.birth_level = 'equal')) as cut
  from asked as x
  join chained_groups as c on c.n = x.left_n
  left join torn_chains as t on t.label = c.label
  left join decided as d on d.left_n = x.left_n and d.right_n = x.right_n
)
select left_n, right_n, name_level, birth_level,
  case when cut then 'candidate' else outcome end as outcome,
  case when cut then 'torn' when outcome = 'candidate' then doubt else '' end as doubt
from seen;
