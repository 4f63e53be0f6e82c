-- title: what two customers say about each other, field by field: a level each
-- rules: G6, G8
-- Parameters: $floor (bits that a pair could at most come to, below which it is not compared in full).

-- grain: one row per pair that is compared, with the names of both by number
create or replace temp table met as
select p.left_n, p.right_n, a.first_no as left_first, a.last_no as left_last, b.first_no as right_first, b.last_no as right_last
from suspect_pairs as p
join traits as a on a.n = p.left_n
join traits as b on b.n = p.right_n;

-- grain: one row per pair of two different names that met
create table name_levels as
with pairs_of_names as (
  select left_first as one, right_first as other from met
  union all
  select left_last as one, right_last as other from met
  union all
  select left_first as one, right_last as other from met
  union all
  select left_last as one, right_first as other from met
),
spelled as (
  select m.one_no, m.other_no, least(a.name, b.name) as one, greatest(a.name, b.name) as other
  from (
    select distinct least(one, other) as one_no, greatest(one, other) as other_no
    from pairs_of_names
    where one <> other
  ) as m
  join names as a on a.no = m.one_no
  join names as b on b.no = m.other_no
)
select m.one_no, m.other_no,
  case
    when least(length(m.one), length(m.other)) = 1 and substr(m.one, 1, 1) = substr(m.other, 1, 1) then 'initial'
    when within(m.one, m.other, 1) and (least(length(m.one), length(m.other)) >= 6
      or (least(length(m.one), length(m.other)) >= 4 and substr(m.one, 1, 1) = substr(m.other, 1, 1))) then 'typo'
    when k.name is not null then 'nickname'
    when least(length(m.one), length(m.other)) >= 7 and within(m.one, m.other, 2) then 'typo'
    when least(length(m.one), length(m.other)) >= 3
      and (starts_with(m.one, m.other) or starts_with(m.other, m.one) or ends_with(m.one, m.other) or ends_with(m.other, m.one)) then 'part'
    when least(length(m.one), length(m.other)) >= 3 and within(m.one, m.other, 1) then 'near'
    when alike(m.one, m.other) < 0.85 then 'different'
    when within(m.one, m.other, 2) then 'near'
    when least(length(m.one), length(m.other)) >= 7 and within(m.one, m.other, 3) then 'near'
    else 'different'
  end as level,
  -- Mario and Maria, John and Joan: two names that both exist are rather two people
  k.name is null and a.name is not null and b.name is not null as both_exist
from spelled as m
left join (select distinct name, nickname from nicknames) as k on k.name = m.one and k.nickname = m.other
left join (select distinct name from nicknames) as a on a.name = m.one
left join (select distinct name from nicknames) as b on b.name = m.other;

-- grain: one row per pair that is compared, with the levels of its names
-- `crossed`: first and last name stand in each other's place
create or replace temp table named_pairs as
with agreement as (
  select 'equal' as level, 4 as agree
  union all select 'typo' as level, 3 as agree
  union all select 'nickname' as level, 2 as agree
  union all select 'part' as level, 2 as agree
  union all select 'near' as level, 1 as agree
  union all select 'initial' as level, 0 as agree
  union all select 'silent' as level, 0 as agree
  union all select 'different' as level, -2 as agree
),
named as (
  select p.left_n, p.right_n, coalesce(f.both_exist, false) as both_exist,
    case when p.left_first is null or p.right_first is null then 'silent' when p.left_first = p.right_first then 'equal' else f.level end as first_name,
    case when p.left_last is null or p.right_last is null then 'silent' when p.left_last = p.right_last then 'equal' else l.level end as last_name,
    case when p.left_first is null or p.right_last is null then 'silent' when p.left_first = p.right_last then 'equal' else x.level end as first_as_last,
    case when p.left_last is null or p.right_first is null then 'silent' when p.left_last = p.right_first then 'equal' else y.level end as last_as_first
  from met as p
  left join name_levels as f on f.one_no = least(p.left_first, p.right_first) and f.other_no = greatest(p.left_first, p.right_first)
  left join name_levels as l on l.one_no = least(p.left_last, p.right_last) and l.other_no = greatest(p.left_last, p.right_last)
  left join name_levels as x on x.one_no = least(p.left_first, p.right_last) and x.other_no = greatest(p.left_first, p.right_last)
  left join name_levels as y on y.one_no = least(p.left_last, p.right_first) and y.other_no = greatest(p.left_last, p.right_first)
),
ordered as (
  select n.left_n, n.right_n, n.both_exist, n.first_name, n.last_name, n.first_as_last, n.last_as_first,
    x.agree + y.agree - 1 > f.agree + l.agree as crossed
  from named as n
  join agreement as f on f.level = n.first_name
  join agreement as l on l.level = n.last_name
  join agreement as x on x.level = n.first_as_last
  join agreement as y on y.level = n.last_as_first
)
select left_n, right_n, crossed, both_exist and not crossed as both_exist,
  case when crossed then first_as_last else first_name end as first_name,
  case when crossed then last_as_first else last_name end as last_name
from ordered;

-- grain: one row per pair that may still come to something: the most that its fields could say, were what looks like a typo one
-- Two who share a contact stay in, for what they say of a household.
create or replace temp table likely as
with looked as (
  select v.left_n, v.right_n, v.crossed, v.both_exist, v.first_name, v.last_name,
    case v.first_name when 'equal' then a.first_rarity else coalesce(f.bits, 0) end
    + case v.last_name when 'equal' then a.last_rarity else coalesce(l.bits, 0) end as names,
    v.first_name = 'different' and coalesce(a.born <> b.born, true) as strangers,
    case when a.born is null or b.born is null then 0 when a.born = b.born then a.born_rarity
      when substr(a.born_text, 1, 4) = substr(b.born_text, 1, 4) or substr(a.born_text, 5, 4) = substr(b.born_text, 5, 4) then 5 else -4 end as birth,
    case when not (a.telling and b.telling) then 0 when substr(a.mailbox, 1, 3) = substr(b.mailbox, 1, 3) or right(a.mailbox, 3) = right(b.mailbox, 3) then 10 else 0 end
    + case when substr(a.phone, 1, 7) = substr(b.phone, 1, 7) or right(a.phone, 5) = right(b.phone, 5) then 4 else 0 end as contact,
    case when a.street = b.street then a.street_rarity
      when a.house = b.house or substr(a.road, 1, 3) = substr(b.road, 1, 3) or right(a.road, 6) = right(b.road, 6) then 9
      when substr(a.street_2, 1, 3) = substr(b.road, 1, 3) or substr(b.street_2, 1, 3) = substr(a.road, 1, 3) then 9
      when a.street is null or b.street is null then 0 else -2 end
    + case when a.street_2 = b.street_2 then a.street_2_rarity when a.street_2 is null or b.street_2 is null then 0
      when substr(a.street_2, 1, 3) = substr(b.street_2, 1, 3) or right(a.street_2, 3) = right(b.street_2, 3) then 6 else -1 end
    + case when a.postal = b.postal then a.postal_rarity when a.postal is null or b.postal is null then 0
      when substr(a.postal, 1, 2) = substr(b.postal, 1, 2) or right(a.postal, 2) = right(b.postal, 2) then 2 else -2 end
    + case when a.city = b.city then a.city_rarity when a.city is null or b.city is null then 0
      when substr(a.city, 1, 3) = substr(b.city, 1, 3) or right(a.city, 3) = right(b.city, 3) then 5 else -2 end as address,
    a.number is not null and b.number is not null as numbered,
    coalesce(list_has_any(a.phones, b.phones), false) or coalesce(list_has_any(a.emails, b.emails), false) as in_contact
  from named_pairs as v
  join traits as a on a.n = v.left_n
  join traits as b on b.n = v.right_n
  left join bits as f on f.field = 'first_name' and f.level = v.first_name
  left join bits as l on l.field = 'last_name' and l.level = v.last_name
)
select o.left_n, o.right_n, o.crossed, o.both_exist, o.first_name, o.last_name
from looked as o
join prior as p on o.in_contact or o.numbered
  or ((not o.strangers or $floor < -100) and o.names + o.birth + o.contact + greatest(-4, least(18, o.address)) + p.bits >= $floor);

-- grain: one row per pair that is compared in full; a level per field, silent where one side says nothing
create or replace temp table raw_levels as
select o.left_n, o.right_n, o.crossed, o.both_exist,
  a.suffix <> b.suffix and a.suffix <> '' and b.suffix <> '' as two_generations,
  o.first_name, o.last_name,
  case
    when a.born is null or b.born is null then 'silent'
    when a.born = b.born then 'equal'
    when within(a.born_text, b.born_text, 1) then 'typo'
    when year(a.born) = year(b.born) and month(a.born) = day(b.born) and day(a.born) = month(b.born) then 'swapped'
    when substr(a.born_text, 5, 4) = substr(b.born_text, 5, 4) or substr(a.born_text, 1, 6) = substr(b.born_text, 1, 6) then 'part'
    else 'different'
  end as birth_date,
  case
    when a.phone is null or b.phone is null then 'silent'
    when list_has_any(a.phones, b.phones) then 'equal'
    when within(a.phone, b.phone, 1) then 'typo'
    else 'different'
  end as phone,
  case
    when a.email is null or b.email is null then 'silent'
    when list_has_any(a.emails, b.emails) then 'equal'
    when a.telling and b.telling and a.mailbox = b.mailbox then 'mailbox'
    when a.telling and b.telling and length(a.mailbox) >= 5 and within(a.email, b.email, 2) then 'typo'
    when a.mailbox = b.mailbox then 'name'
    else 'different'
  end as email,
  case
    when a.street is null or b.street is null then 'silent'
    when a.street = b.street then 'equal'
    when a.house = b.house and (alike(a.road, b.road) >= 0.9 or within(a.road, b.road, 2)) then 'typo'
    when least(length(a.street), length(b.street)) >= 8 and within(a.street, b.street, 2) then 'typo'
    when least(length(a.road), length(b.street_2)) >= 6 and within(a.road, b.street_2, 2) then 'typo'
    when least(length(b.road), length(a.street_2)) >= 6 and within(b.road, a.street_2, 2) then 'typo'
    when a.road = b.road or within(a.road, b.road, 1) then 'road'
    when a.house = b.house and a.house <> '' then 'house'
    else 'different'
  end as street,
  case
    when a.street_2 is null or b.street_2 is null then 'silent'
    when a.street_2 = b.street_2 then 'equal'
    when least(length(a.street_2), length(b.street_2)) >= 5 and within(a.street_2, b.street_2, 2) then 'typo'
    else 'different'
  end as street_2,
  case
    when a.postal is null or b.postal is null then 'silent'
    when a.postal = b.postal then 'equal'
    when within(a.postal, b.postal, 1) then 'typo'
    else 'different'
  end as postal_code,
  case
    when a.city is null or b.city is null then 'silent'
    when a.city = b.city then 'equal'
    when least(length(a.city), length(b.city)) >= 5 and within(a.city, b.city, 2) then 'typo'
    else 'different'
  end as city,
  case
    when a.number is null or b.number is null then 'silent'
    when a.number = b.number then 'equal'
    -- numbers given one after the other differ in the last place: that is no typo
    when least(length(a.number), length(b.number)) >= 6 and within(a.number, b.number, 1)
      and substr(a.number, 1, length(a.number) - 1) <> substr(b.number, 1, length(b.number) - 1) then 'typo'
    else 'different'
  end as number
from likely as o
join traits as a on a.n = o.left_n
join traits as b on b.n = o.right_n;

-- grain: one row per pair that is compared; a level per field, and what stands against its being one person
-- against: '' | generations (junior and senior) | household (they share a contact, and a name or birth date contradicts) |
-- family (the names contradict and no birth date says otherwise, or the birth dates do and the names are no help); an id number in common is stronger than any of them
create table suspect_levels as
select v.*,
  case
    when v.number in ('equal', 'typo') then ''
    when v.two_generations then 'generations'
    when (v.named_apart or v.birth_date in ('different', 'part')) and (v.phone = 'equal' or v.email = 'equal') then 'household'
    when v.named_apart and v.birth_date <> 'equal' then 'family'
    when v.birth_date = 'different' and (v.first_name = 'nickname' or (v.last_name = 'different' and v.first_name <> 'equal')) then 'family'
    else ''
  end as against
from (
  select *, first_name = 'different' or (crossed and last_name = 'different') or (both_exist and first_name <> 'nickname') as named_apart
  from raw_levels
) as v;
