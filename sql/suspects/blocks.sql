-- title: which two customers are compared at all: those who share a part of what they are known by
-- rules: G5, G7
-- Parameters: $block, $weak_block (profiles that may share one part, and one that says little; a fuller block is cut by a
-- second part, or refused).

-- grain: one row per profile, way in which it may meet others, and name that it goes by there, first or last, for they get swapped
create or replace temp table ways as
with parts as (
  select n, grp, least(first_no, last_no) as one_no, greatest(first_no, last_no) as other_no, first_3, last_3, code(born) as born,
    case when street is not null then coalesce(house, 0) end as house, street, postal, city_5, long_mailbox, number, phone
  from marks
),
named as (
  select n, grp, first_no as no, first_1 as head_1, first_2 as next_2, first_3 as head_3, first_4 as head_4, last_1 as other_1,
    born, house, road_7, postal, city_5
  from marks
  where first_no is not null
  union all
  select n, grp, last_no as no, last_1 as head_1, last_2 as next_2, last_3 as head_3, last_4 as head_4, first_1 as other_1,
    born, house, road_7, postal, city_5
  from marks
  where last_no is not null
)
select $block as most, codes('names', one_no, other_no) as key, coalesce(born, postal, phone) as finer, n, grp
from parts
where one_no + other_no is not null and first_3 is not null and last_3 is not null
union all
select $block as most, codes('birth date and initial', born, head_1) as key, next_2 as finer, n, grp
from named
where born is not null
union all
select $block as most, codes('birth date and place', born, coalesce(postal, city_5)) as key, house as finer, n, grp
from parts
where born is not null and coalesce(postal, city_5) is not null
union all
select $block as most, codes('street and place', street, postal) as key, city_5 as finer, n, grp
from parts
where street is not null and postal is not null
union all
select $weak_block as most, codes('road and name', road_7, head_3) as key, city_5 as finer, n, grp
from named
where road_7 is not null
union all
select $weak_block as most, codes('city and name', city_5, head_4) as key, house as finer, n, grp
from named
where city_5 is not null
union all
select $weak_block as most, codes('beginnings', least(first_3, last_3), greatest(first_3, last_3)) as key,
  coalesce(postal, born, phone) as finer, n, grp
from parts
where first_3 is not null and last_3 is not null
union all
select $block as most, codes('house and name', codes('', house, postal), head_3) as key, road_7 as finer, n, grp
from named
where house is not null and postal is not null
union all
select $block as most, codes('name and place', no, postal) as key, coalesce(code(floor(born / 10000)), other_1) as finer, n, grp
from named
where postal is not null
union all
select $block as most, codes('mailbox', long_mailbox, 0) as key, cast(null as bigint) as finer, n, grp
from parts
where long_mailbox is not null
union all
select $block as most, codes('number', number, 0) as key, cast(null as bigint) as finer, n, grp
from parts
where number is not null;

-- grain: one row per block in which several entities meet, with its profiles; the key tells the way too
create table blocks as
select key, count(*) as profiles, count(*) > min(most) as too_full
from ways
group by key
having min(grp) < max(grp);

-- grain: one row per profile and block in which it is compared; a block that is too full is cut once
create or replace temp table blocked as
select w.n, w.grp, w.key
from ways as w
join blocks as b on b.key = w.key and not b.too_full
union all
select c.n, c.grp, c.key
from (
  select w.n, w.grp, codes('finer', w.key, w.finer) as key, w.most, count(*) over (partition by w.key, w.finer) as profiles
  from ways as w
  join blocks as b on b.key = w.key and b.too_full
  where w.finer is not null
) as c
where c.profiles <= c.most;

-- grain: one row per pair of two entities that is compared, left before right; those of tier 1 that did not link are among them
create table suspect_pairs as
select a.n as left_n, b.n as right_n
from blocked as a
join blocked as b on b.key = a.key and b.n > a.n and b.grp <> a.grp
union
select p.left_n, p.right_n
from pairs as p
join marks as a on a.n = p.left_n
join marks as b on b.n = p.right_n and b.grp <> a.grp;
