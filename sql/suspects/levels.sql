-- title: what two customers say about each other, field by field: a level each
-- rules: G6, G8
-- Parameters: $floor (bits that a pair could at most come to, below which it is not compared in full).

-- grain: one row per pair that is compared, with the names of both by number
-- in_doubt: they share a contact, and what they say of a household is wanted, or both have an id number
create or replace temp table met as
select p.left_n, p.right_n, a.first_no as left_first, a.last_no as left_last, b.first_no as right_first, b.last_no as right_last,
  coalesce(a.born = b.born, false) as born_alike,
  coalesce(a.phone in (b.phone, b.other_phone), false) or coalesce(a.other_phone in (b.phone, b.other_phone), false)
    or coalesce(a.email in (b.email, b.other_email), false) or coalesce(a.other_email in (b.email, b.other_email), false)
    or (a.number is not null and b.number is not null) as in_doubt
from suspect_pairs as p
join marks as a on a.n = p.left_n
join marks as b on b.n = p.right_n;

-- grain: one row per pair of two different names that met and are not altogether different
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
short_forms as (
  select distinct a.no as one_no, b.no as other_no
  from nicknames as k
  join names as a on a.name = k.name
  join names as b on b.name = k.nickname
),
spelled as (
  select m.one_no, m.other_no, least(a.name, b.name) as one, greatest(a.name, b.name) as other, k.one_no is not null as short_form,
    k.one_no is null and a.known and b.known as both_exist
  from (
    select distinct least(one, other) as one_no, greatest(one, other) as other_no
    from pairs_of_names
    where one <> other
  ) as m
  join names as a on a.no = m.one_no
  join names as b on b.no = m.other_no
  left join short_forms as k on k.one_no = m.one_no and k.other_no = m.other_no
  -- three letters changed leave at most six that only one of them has; of a part the whole has all
  where k.one_no is not null or bit_count(xor(a.letters, b.letters)) <= 6 or a.letters & b.letters in (a.letters, b.letters)
),
levels as (
  select m.one_no, m.other_no, m.both_exist,
    case
      when least(length(m.one), length(m.other)) = 1 and substr(m.one, 1, 1) = substr(m.other, 1, 1) then 'initial'
      when within(m.one, m.other, 1) and (least(length(m.one), length(m.other)) >= 6
        or (least(length(m.one), length(m.other)) >= 4 and substr(m.one, 1, 1) = substr(m.other, 1, 1))) then 'typo'
      when m.short_form then 'nickname'
      when least(length(m.one), length(m.other)) >= 7 and within(m.one, m.other, 2) then 'typo'
      when least(length(m.one), length(m.other)) >= 3
        and (starts_with(m.one, m.other) or starts_with(m.other, m.one) or ends_with(m.one, m.other) or ends_with(m.other, m.one)) then 'part'
      when least(length(m.one), length(m.other)) >= 3 and within(m.one, m.other, 1) then 'near'
      when alike(m.one, m.other) < 0.85 then 'different'
      when within(m.one, m.other, 2) then 'near'
      when least(length(m.one), length(m.other)) >= 7 and within(m.one, m.other, 3) then 'near'
      else 'different'
    end as level
  from spelled as m
)
select v.one_no, v.other_no, v.both_exist, g.level, g.agree, f.bits as first_bits, l.bits as last_bits
from levels as v
join (
  select 'typo' as word, 2 as level, 3 as agree
  union all select 'nickname' as word, 3 as level, 2 as agree
  union all select 'part' as word, 4 as level, 2 as agree
  union all select 'near' as word, 5 as level, 1 as agree
  union all select 'initial' as word, 6 as level, 0 as agree
) as g on g.word = v.level
join bits as f on f.field = 'first_name' and f.level = v.level
join bits as l on l.field = 'last_name' and l.level = v.level;

-- grain: one row per pair that may still be one customer by its names and birth dates, with the levels of its names as numbers:
-- 0 silent, 1 equal, 7 different, between them those of `name_levels`; `crossed`: first and last name stand in each other's place
create or replace temp table named_pairs as
with named as (
  select p.left_n, p.right_n, p.in_doubt, p.born_alike, coalesce(f.both_exist, false) as both_exist,
    case when p.left_first is null or p.right_first is null then 0 when p.left_first = p.right_first then 1 else coalesce(f.level, 7) end as first_level,
    case when p.left_last is null or p.right_last is null then 0 when p.left_last = p.right_last then 1 else coalesce(l.level, 7) end as last_level,
    case when p.left_first is null or p.right_last is null then 0 when p.left_first = p.right_last then 1 else coalesce(x.level, 7) end as first_as_last,
    case when p.left_last is null or p.right_first is null then 0 when p.left_last = p.right_first then 1 else coalesce(y.level, 7) end as last_as_first,
    case when p.left_first is null or p.right_first is null then 0 when p.left_first = p.right_first then 4 else coalesce(f.agree, -2) end
    + case when p.left_last is null or p.right_last is null then 0 when p.left_last = p.right_last then 4 else coalesce(l.agree, -2) end as straight,
    case when p.left_first is null or p.right_last is null then 0 when p.left_first = p.right_last then 4 else coalesce(x.agree, -2) end
    + case when p.left_last is null or p.right_first is null then 0 when p.left_last = p.right_first then 4 else coalesce(y.agree, -2) end as across,
    f.first_bits, l.last_bits, x.first_bits as first_bits_across, y.last_bits as last_bits_across
  from met as p
  left join name_levels as f on f.one_no = least(p.left_first, p.right_first) and f.other_no = greatest(p.left_first, p.right_first)
  left join name_levels as l on l.one_no = least(p.left_last, p.right_last) and l.other_no = greatest(p.left_last, p.right_last)
  left join name_levels as x on x.one_no = least(p.left_first, p.right_last) and x.other_no = greatest(p.left_first, p.right_last)
  left join name_levels as y on y.one_no = least(p.left_last, p.right_first) and y.other_no = greatest(p.left_last, p.right_first)
),
ordered as (
  select left_n, right_n, in_doubt, born_alike, across - 1 > straight as crossed, both_exist and not across - 1 > straight as both_exist,
    case when across - 1 > straight then first_as_last else first_level end as first_level,
    case when across - 1 > straight then last_as_first else last_level end as last_level,
    case when across - 1 > straight then first_bits_across else first_bits end as first_bits,
    case when across - 1 > straight then last_bits_across else last_bits end as last_bits
  from named
)
select *
from ordered
where in_doubt or born_alike or first_level <> 7 or $floor < -100;

-- grain: one row per night: the most that what is no equal value can say, in bits, and what any two customers say before
create or replace temp table most as
select
  max(bits) filter (where field = 'first_name' and level = 'different') as first_different,
  max(bits) filter (where field = 'last_name' and level = 'different') as last_different,
  max(bits) filter (where field = 'birth_date' and level in ('typo', 'swapped', 'part')) as birth_part,
  max(bits) filter (where field = 'birth_date' and level = 'different') as birth_different,
  max(bits) filter (where field = 'phone' and level = 'typo') as phone_typo,
  max(bits) filter (where field = 'phone' and level = 'different') as phone_different,
  max(bits) filter (where field = 'email' and level = 'typo') as email_typo,
  max(bits) filter (where field = 'email' and level = 'different') as email_different,
  max(bits) filter (where field = 'street' and level = 'typo') as street_typo,
  max(bits) filter (where field = 'street' and level in ('road', 'house')) as street_part,
  max(bits) filter (where field = 'street' and level = 'different') as street_different,
  max(bits) filter (where field = 'street_2' and level = 'typo') as street_2_typo,
  max(bits) filter (where field = 'street_2' and level = 'different') as street_2_different,
  max(bits) filter (where field = 'postal_code' and level = 'typo') as postal_typo,
  max(bits) filter (where field = 'postal_code' and level = 'different') as postal_different,
  max(bits) filter (where field = 'city' and level = 'typo') as city_typo,
  max(bits) filter (where field = 'city' and level = 'different') as city_different,
  max(bits) filter (where field = 'prior') as prior
from (select field, level, bits from bits union all select 'prior' as field, '' as level, bits from prior) as b;

-- grain: one row per pair that may still come to something: the most that its fields could say, were what looks like a typo one
-- A typo of two letters changes four of `letters` at most; 134217726 are those that are no digits. Two who share a contact stay in,
-- for what they say of a household. One sum and no columns: the bits of each field are looked at again where they count.
create or replace temp table likely as
select v.left_n, v.right_n, v.crossed, v.both_exist, v.first_level, v.last_level
from named_pairs as v
join marks as a on a.n = v.left_n
join marks as b on b.n = v.right_n
join most as t on true
where v.in_doubt or $floor <= t.prior
  + case v.first_level when 0 then 0 when 1 then a.first_rarity when 7 then t.first_different else v.first_bits end
  + case v.last_level when 0 then 0 when 1 then a.last_rarity when 7 then t.last_different else v.last_bits end
  + case when a.born is null or b.born is null then 0 when a.born = b.born then a.born_rarity
    when floor(a.born / 10000) = floor(b.born / 10000) or a.born % 10000 = b.born % 10000 then t.birth_part else t.birth_different end
  + greatest(-2, least(12,
    case when a.mailbox = b.mailbox then a.mailbox_rarity when bit_count(xor(a.mailbox_letters, b.mailbox_letters)) <= 4 then t.email_typo
      when a.email is null or b.email is null or a.mailbox is null or b.mailbox is null then 0 else t.email_different end
    + case when a.phone_head = b.phone_head or a.phone_tail = b.phone_tail then t.phone_typo
      when a.phone is null or b.phone is null then 0 else t.phone_different end))
  + greatest(-4, least(case when v.first_level in (1, 2, 3) then 18 else 14 end,
    case when a.street = b.street then a.street_rarity when a.street is null or b.street is null then 0
      when a.house = b.house or bit_count(xor(a.street_letters, b.street_letters)) <= 4 or a.street_2_head = b.road_head
        or b.street_2_head = a.road_head then t.street_typo
      when bit_count(xor(a.street_letters, b.street_letters) & 134217726) <= 2 then t.street_part else t.street_different end
    + case when a.street_2 = b.street_2 then a.street_2_rarity when a.street_2 is null or b.street_2 is null then 0
      when a.street_2_head = b.street_2_head or a.street_2_tail = b.street_2_tail then t.street_2_typo else t.street_2_different end
    + case when a.postal = b.postal then a.postal_rarity when a.postal is null or b.postal is null then 0
      when a.postal_head = b.postal_head or a.postal_tail = b.postal_tail then t.postal_typo else t.postal_different end
    + case when a.city = b.city then a.city_rarity when a.city is null or b.city is null then 0
      when a.city_head = b.city_head or a.city_tail = b.city_tail then t.city_typo else t.city_different end));

-- grain: one row per pair that is compared in full; a level per field, silent where one side says nothing
create or replace temp table raw_levels as
select o.left_n, o.right_n, o.crossed, o.both_exist,
  a.suffix <> b.suffix and a.suffix <> '' and b.suffix <> '' as two_generations,
  case o.first_level when 0 then 'silent' when 1 then 'equal' when 2 then 'typo' when 3 then 'nickname' when 4 then 'part' when 5 then 'near'
    when 6 then 'initial' else 'different' end as first_name,
  case o.last_level when 0 then 'silent' when 1 then 'equal' when 2 then 'typo' when 3 then 'nickname' when 4 then 'part' when 5 then 'near'
    when 6 then 'initial' else 'different' end as last_name,
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
    when a.phone in (b.phone, b.other_phone) or a.other_phone in (b.phone, b.other_phone) then 'equal'
    when within(a.phone, b.phone, 1) then 'typo'
    else 'different'
  end as phone,
  case
    when a.email is null or b.email is null then 'silent'
    when a.email in (b.email, b.other_email) or a.other_email in (b.email, b.other_email) then 'equal'
    when a.telling and b.telling and a.mailbox = b.mailbox then 'mailbox'
    when a.telling and b.telling and length(a.mailbox) >= 5 and within(a.mailbox, b.mailbox, 2) and within(a.email, b.email, 2) then 'typo'
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
