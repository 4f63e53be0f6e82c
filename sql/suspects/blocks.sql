-- title: which two customers are compared at all: those who share a part of what they are known by
-- rules: G5, G7
-- Parameters: $block, $weak_block (profiles that may share one part, and one that says little; a fuller block is cut by a
-- second part, or refused).

-- grain: one row per profile, way in which it may meet others, and name that it goes by there, first or last, for they get swapped
create or replace temp table ways as
with parts as (
  select n, grp, first_flat, last_flat, born_text, street, house, substr(replace(road, ' ', ''), 1, 7) as road_7,
    postal, substr(city, 1, 5) as city_5, mailbox, telling, number, phone
  from traits
),
named as (
  select n, grp, first_flat as name, last_flat as other, born_text, street, house, road_7, postal, city_5 from parts where first_flat is not null
  union all
  select n, grp, last_flat as name, first_flat as other, born_text, street, house, road_7, postal, city_5 from parts where last_flat is not null
)
select 'names' as way, $block as most, concat(least(first_flat, last_flat), '|', greatest(first_flat, last_flat)) as key,
  coalesce(born_text, postal, phone) as finer, n, grp
from parts
where first_flat is not null and last_flat is not null
union all
select 'birth date and initial' as way, $block as most, concat(born_text, '|', substr(name, 1, 1)) as key, substr(name, 2, 2) as finer, n, grp
from named
where born_text is not null
union all
select 'birth date and place' as way, $block as most, concat(born_text, '|', coalesce(postal, city_5)) as key, house as finer, n, grp
from parts
where born_text is not null and coalesce(postal, city_5) is not null
union all
select 'street and place' as way, $block as most, concat(street, '|', postal) as key, city_5 as finer, n, grp
from parts
where street is not null and postal is not null
union all
select 'road and name' as way, $weak_block as most, concat(road_7, '|', substr(name, 1, 3)) as key, city_5 as finer, n, grp
from named
where road_7 is not null
union all
select 'city and name' as way, $weak_block as most, concat(city_5, '|', substr(name, 1, 4)) as key, house as finer, n, grp
from named
where city_5 is not null
union all
select 'beginnings' as way, $weak_block as most, concat(least(substr(first_flat, 1, 3), substr(last_flat, 1, 3)), '|', greatest(substr(first_flat, 1, 3), substr(last_flat, 1, 3))) as key,
  coalesce(postal, born_text, phone) as finer, n, grp
from parts
where first_flat is not null and last_flat is not null
union all
select 'house and name' as way, $block as most, concat(house, '|', postal, '|', substr(name, 1, 3)) as key, road_7 as finer, n, grp
from named
where house <> '' and postal is not null
union all
select 'name and place' as way, $block as most, concat(name, '|', postal) as key, coalesce(substr(born_text, 1, 4), substr(other, 1, 1)) as finer, n, grp
from named
where postal is not null
union all
select 'mailbox' as way, $block as most, mailbox as key, cast(null as varchar) as finer, n, grp
from parts
where telling and length(mailbox) >= 5
union all
select 'number' as way, $block as most, number as key, cast(null as varchar) as finer, n, grp
from parts
where number is not null;

-- grain: one row per way and block in which several entities meet, with its profiles
create table blocks as
select way, key, count(*) as profiles, count(*) > min(most) as too_full
from ways
group by way, key
having min(grp) < max(grp);

-- grain: one row per profile and block in which it is compared; a block that is too full is cut once
create or replace temp table blocked as
select w.n, w.grp, w.way, w.key
from ways as w
join blocks as b on b.way = w.way and b.key = w.key and not b.too_full
union all
select c.n, c.grp, c.way, c.key
from (
  select w.n, w.grp, w.way, concat(w.key, '|', w.finer) as key, w.most, count(*) over (partition by w.way, w.key, w.finer) as profiles
  from ways as w
  join blocks as b on b.way = w.way and b.key = w.key and b.too_full
  where w.finer is not null
) as c
where c.profiles <= c.most;

-- grain: one row per pair of two entities that is compared, left before right; those of tier 1 that did not link are among them
create table suspect_pairs as
select a.n as left_n, b.n as right_n
from blocked as a
join blocked as b on b.way = a.way and b.key = a.key and b.n > a.n and b.grp <> a.grp
union
select p.left_n, p.right_n
from pairs as p
join traits as a on a.n = p.left_n
join traits as b on b.n = p.right_n and b.grp <> a.grp;
