-- title: what tier 2 compares: every customer in play with name, birth date, contacts and address, folded
-- rules: G3, G4, G5, G6
-- Parameters: $smooth (customers that the general share of a value counts for beside tonight's), $per_profile (further profiles
-- that a customer is expected to have beyond its entity).

-- grain: one row per spelling of a part of an address; `flat` is for comparison only
create or replace temp table places as
with spelled as (
  select street as raw from profiles
  union
  select street_2 as raw from profiles
  union
  select city as raw from profiles
  union
  select postal_code as raw from profiles
),
bare as (
  select raw, trim(regexp_replace(regexp_replace(translate(lower(raw),
    'àáâãäåçèéêëìíîïñòóôõöøùúûüýÿ', 'aaaaaaceeeeiiiinoooooouuuuyy'), '[''’.]', '', 'g'), '[^\p{L}\p{N}]+', ' ', 'g')) as text
  from spelled
  where raw is not null
),
-- what a street is called last is written in many ways, and says little
short as (
  select raw, regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(
    concat(' ', text, ' '), ' street ', ' st ', 'g'), ' avenue ', ' ave ', 'g'), ' road ', ' rd ', 'g'), ' drive ', ' dr ', 'g'),
    ' (boulevard|blvrd) ', ' blvd ', 'g'), ' (unit|apartment|suite|apt|ste|flat) ', ' ', 'g'), ' (crescent|cresc) ', ' cres ', 'g') as text
  from bare
)
select raw, nullif(trim(text), '') as spaced, nullif(replace(text, ' ', ''), '') as flat
from short;

-- grain: one row per profile, and what it is reached by: no placeholders
create or replace temp table contacts as
select
  k.n,
  list_sort(list(k.key) filter (where k.key_kind = 'phone')) as phones,
  list_sort(list(k.key) filter (where k.key_kind = 'email')) as emails,
  min(k.key) filter (where k.key_kind = 'phone') as phone,
  min(k.key) filter (where k.key_kind = 'email') as email,
  -- an id from elsewhere says something only where the configuration calls it a key
  min(case when r.position is not null then k.key end) as number
from keys as k
left join match_rules as r on r.pairing = '' and r.key_kind = k.key_kind and k.key_kind = 'external_id'
where k.in_play
group by k.n;

-- grain: one row per customer in play, as yet without the rarities; grp is the entity that tiers 0 and 1 made
create or replace temp table bare_traits as
select
  w.n, w.source, w.id, c.label as grp,
  w.first_key as first_name, w.last_key as last_name, replace(w.first_key, ' ', '') as first_flat, replace(w.last_key, ' ', '') as last_flat,
  replace(replace(regexp_extract(concat_ws(' ', w.first_key, w.last_key), ' (jr|junior|sr|senior|ii|iii|iv)( |$)', 1),
    'junior', 'jr'), 'senior', 'sr') as suffix,
  w.birth_key as born, strftime(w.birth_key, '%Y%m%d') as born_text, w.created_at,
  t.phones, t.emails, t.phone, t.email, 
  split_part(t.email, '@', 1) as mailbox,
  -- what is made of the name says no more than the name
  length(regexp_replace(replace(replace(split_part(t.email, '@', 1), coalesce(replace(w.first_key, ' ', ''), '-'), ''),
    coalesce(replace(w.last_key, ' ', ''), '-'), ''), '[^\p{L}\p{N}]', '', 'g')) >= 3 as telling, t.number,
  s.flat as street, regexp_extract(s.spaced, '^([0-9]+)', 1) as house, nullif(trim(regexp_replace(s.spaced, '^[0-9]+[a-z]? ', '', 'g')), '') as road,
  x.flat as street_2, y.flat as city, z.flat as postal
from people as w
join components as c on c.n = w.n
join profiles as p on p.source = w.source and p.id = w.id
left join contacts as t on t.n = w.n
left join places as s on s.raw = p.street
left join places as x on x.raw = p.street_2
left join places as y on y.raw = p.city
left join places as z on z.raw = p.postal_code
where w.in_play;

-- grain: one row per kind of value and value: the bits that an agreement on it is worth, the more the rarer it is tonight
create table terms as
with valued as (
  select 'name' as kind, first_flat as value, grp from bare_traits
  union all
  select 'name' as kind, last_flat as value, grp from bare_traits
  union all
  select 'birth_date' as kind, born_text as value, grp from bare_traits
  union all
  select 'street' as kind, street as value, grp from bare_traits
  union all
  select 'street_2' as kind, street_2 as value, grp from bare_traits
  union all
  select 'postal_code' as kind, postal as value, grp from bare_traits
  union all
  select 'city' as kind, city as value, grp from bare_traits
  union all
  select 'mailbox' as kind, mailbox as value, grp from bare_traits
),
general as (
  select case field when 'first_name' then 'name' when 'email' then 'mailbox' else field end as kind, others
  from weights
  where (level = 'equal' and field not in ('last_name', 'email', 'phone', 'number')) or level = 'mailbox'
),
counted as (
  select kind, value, count(distinct grp) as seen
  from valued
  where value is not null
  group by kind, value
)
select c.kind, c.value, c.seen, log2((s.customers + s.general) / (c.seen + s.general * g.others)) as rarity
from counted as c
join general as g on g.kind = c.kind
-- a few hundred customers say little of how rare a value is: the general share makes them up to a thousand
join (
  select count(distinct grp) as customers, greatest($smooth, 1000 - count(distinct grp)) as general from bare_traits
) as s on true;

-- grain: one row per name, first or last
create table names as
select row_number() over (order by value) as no, value as name
from terms
where kind = 'name';

-- grain: one row per customer in play; grp is the entity that tiers 0 and 1 made
create table traits as
select t.*, v.no as first_no, w.no as last_no, f.rarity as first_rarity, l.rarity as last_rarity, b.rarity as born_rarity, s.rarity as street_rarity,
  x.rarity as street_2_rarity, p.rarity as postal_rarity, y.rarity as city_rarity, m.rarity as mailbox_rarity
from bare_traits as t
left join names as v on v.name = t.first_flat
left join names as w on w.name = t.last_flat
left join terms as f on f.kind = 'name' and f.value = t.first_flat
left join terms as l on l.kind = 'name' and l.value = t.last_flat
left join terms as b on b.kind = 'birth_date' and b.value = t.born_text
left join terms as s on s.kind = 'street' and s.value = t.street
left join terms as x on x.kind = 'street_2' and x.value = t.street_2
left join terms as p on p.kind = 'postal_code' and p.value = t.postal
left join terms as y on y.kind = 'city' and y.value = t.city
left join terms as m on m.kind = 'mailbox' and m.value = t.mailbox;

-- grain: one row per field and level: the bits that it is worth
create table bits as
select field, level, log2(same / others) as bits, log2(same) as sure
from weights;

-- grain: one row per night: the bits of any two customers before their fields are looked at
create table prior as
select log2($per_profile / greatest(count(distinct grp), 1000)) as bits
from traits;
