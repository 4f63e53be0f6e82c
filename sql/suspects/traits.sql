-- title: what tier 2 compares: every customer in play with name, birth date, contacts and address, folded
-- rules: G3, G4, G5, G6
-- Parameters: $smooth (customers that the general share of a value counts for beside tonight's), $per_profile (further profiles
-- that a customer is expected to have beyond its entity).
-- Texts are folded once per spelling; what is looked at for millions of pairs are numbers: `code` stands for a text.

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
  select raw, concat(' ', trim(case when regexp_matches(text, '[^a-z0-9 ]') then regexp_replace(regexp_replace(translate(text,
    'àáâãäåçèéêëìíîïñòóôõöøùúûüýÿ', 'aaaaaaceeeeiiiinoooooouuuuyy'), '[''’.]', '', 'g'), '[^\p{L}\p{N}]+', ' ', 'g') else text end), ' ') as text
  from (select raw, lower(raw) as text from spelled where raw is not null) as s
),
-- what a street is called last is written in many ways, and says little
short as (
  select raw, regexp_replace(replace(replace(replace(replace(replace(replace(replace(replace(text,
    ' street ', ' st '), ' avenue ', ' ave '), ' road ', ' rd '), ' drive ', ' dr '), ' boulevard ', ' blvd '), ' blvrd ', ' blvd '),
    ' crescent ', ' cres '), ' cresc ', ' cres '), ' (unit|apartment|suite|apt|ste|flat) ', ' ', 'g') as text
  from bare
),
cut as (
  select raw, nullif(replace(text, ' ', ''), '') as flat, regexp_extract(trim(text), '^([0-9]+)', 1) as house,
    nullif(trim(regexp_replace(trim(text), '^[0-9]+[a-z]? ', '', 'g')), '') as road
  from short
)
select raw, flat, house, road, code(flat) as flat_code, code(nullif(house, '')) as house_code, code(substr(replace(road, ' ', ''), 1, 7)) as road_7,
  code(substr(road, 1, 3)) as road_head, code(substr(flat, 1, 3)) as head, code(right(flat, 3)) as tail,
  code(substr(flat, 1, 2)) as head_2, code(right(flat, 2)) as tail_2, code(substr(flat, 1, 5)) as head_5
from cut;

-- grain: one row per profile, and what it is reached by: no placeholders; it has two of a kind at most
create or replace temp table contacts as
select k.n,
  min(k.key) filter (where k.key_kind = 'phone') as phone, max(k.key) filter (where k.key_kind = 'phone') as other_phone,
  min(k.key) filter (where k.key_kind = 'email') as email, max(k.key) filter (where k.key_kind = 'email') as other_email,
  -- an id from elsewhere says something only where the configuration calls it a key
  min(case when r.position is not null then k.key end) as number
from keys as k
left join match_rules as r on r.pairing = '' and r.key_kind = k.key_kind and k.key_kind = 'external_id'
where k.in_play
group by k.n;

-- grain: one row per customer in play, as texts; grp is the entity that tiers 0 and 1 made
create table traits as
with named as (
  select n, source, id, birth_key, concat_ws(' ', first_key, last_key) as whole,
    replace(first_key, ' ', '') as first_flat, replace(last_key, ' ', '') as last_flat
  from people
  where in_play
)
select
  w.n, w.source, w.id, c.label as grp, w.first_flat, w.last_flat,
  replace(replace(regexp_extract(w.whole, ' (jr|junior|sr|senior|ii|iii|iv)( |$)', 1), 'junior', 'jr'), 'senior', 'sr') as suffix,
  w.birth_key as born, strftime(w.birth_key, '%Y%m%d') as born_text,
  t.phone, t.other_phone, t.email, t.other_email, split_part(t.email, '@', 1) as mailbox,
  -- what is made of the name says no more than the name
  regexp_matches(replace(replace(split_part(t.email, '@', 1), coalesce(w.first_flat, '-'), ''), coalesce(w.last_flat, '-'), ''),
    '[\p{L}\p{N}][^\p{L}\p{N}]*[\p{L}\p{N}][^\p{L}\p{N}]*[\p{L}\p{N}]') as telling, t.number,
  s.flat as street, s.house, s.road, x.flat as street_2, y.flat as city, z.flat as postal,
  s.flat_code as street_code, s.house_code, s.road_7, s.road_head,
  x.flat_code as street_2_code, x.head as street_2_head, x.tail as street_2_tail,
  y.flat_code as city_code, y.head as city_head, y.tail as city_tail, y.head_5 as city_5,
  z.flat_code as postal_code, z.head_2 as postal_head, z.tail_2 as postal_tail
from named as w
join components as c on c.n = w.n
join profiles as p on p.source = w.source and p.id = w.id
left join contacts as t on t.n = w.n
left join places as s on s.raw = p.street
left join places as x on x.raw = p.street_2
left join places as y on y.raw = p.city
left join places as z on z.raw = p.postal_code;

-- grain: one row per kind of value and value: the bits that an agreement on it is worth, the more the rarer it is tonight
create table terms as
with valued as (
  select 'name' as kind, code(first_flat) as value, grp from traits
  union all
  select 'name' as kind, code(last_flat) as value, grp from traits
  union all
  select 'birth_date' as kind, code(born_text) as value, grp from traits
  union all
  select 'street' as kind, street_code as value, grp from traits
  union all
  select 'street_2' as kind, street_2_code as value, grp from traits
  union all
  select 'postal_code' as kind, postal_code as value, grp from traits
  union all
  select 'city' as kind, city_code as value, grp from traits
  union all
  select 'mailbox' as kind, code(mailbox) as value, grp from traits
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
  select count(distinct grp) as customers, greatest($smooth, 1000 - count(distinct grp)) as general from traits
) as s on true;

-- grain: one row per text that may be mistyped: the letters and digits in it, a bit each; one typo changes two of them at most
create or replace temp table spelled as
with given as (
  select first_flat as text from traits where first_flat is not null
  union
  select last_flat as text from traits where last_flat is not null
  union
  select street as text from traits where street is not null
  union
  select mailbox as text from traits where telling
),
letters as (
  select substr('abcdefghijklmnopqrstuvwxyz0123456789', cast(place as integer), 1) as letter, cast(pow(2, place) as bigint) as bit
  from range(1, 37) as r(place)
)
select g.text, cast(coalesce(sum(l.bit), 0) as bigint) as letters
from given as g
left join letters as l on contains(g.text, l.letter)
group by g.text;

-- grain: one row per name, first or last
create table names as
select row_number() over (order by g.text) as no, g.text as name, t.rarity, g.letters, k.name is not null as known,
  code(substr(g.text, 1, 1)) as head_1, code(substr(g.text, 2, 2)) as next_2, code(substr(g.text, 1, 3)) as head_3, code(substr(g.text, 1, 4)) as head_4
from spelled as g
join terms as t on t.kind = 'name' and t.value = code(g.text)
left join (select distinct name from nicknames) as k on k.name = g.text;

-- grain: one row per customer in play, as numbers
create table marks as
select t.n, t.grp, f.no as first_no, l.no as last_no, f.rarity as first_rarity, l.rarity as last_rarity,
  f.head_1 as first_1, f.next_2 as first_2, f.head_3 as first_3, f.head_4 as first_4,
  l.head_1 as last_1, l.next_2 as last_2, l.head_3 as last_3, l.head_4 as last_4,
  cast(t.born_text as integer) as born, b.rarity as born_rarity,
  code(t.phone) as phone, code(t.other_phone) as other_phone, code(substr(t.phone, 1, 7)) as phone_head, code(right(t.phone, 5)) as phone_tail,
  code(t.email) as email, code(t.other_email) as other_email,
  case when t.telling then code(t.mailbox) end as mailbox, h.letters as mailbox_letters, m.rarity as mailbox_rarity,
  case when t.telling and length(t.mailbox) >= 5 then code(t.mailbox) end as long_mailbox, code(t.number) as number,
  t.street_code as street, s.rarity as street_rarity, t.house_code as house, j.letters as street_letters, t.road_7, t.road_head,
  t.street_2_code as street_2, x.rarity as street_2_rarity, t.street_2_head, t.street_2_tail,
  t.postal_code as postal, p.rarity as postal_rarity, t.postal_head, t.postal_tail,
  t.city_code as city, y.rarity as city_rarity, t.city_head, t.city_tail, t.city_5
from traits as t
left join names as f on f.name = t.first_flat
left join names as l on l.name = t.last_flat
left join terms as b on b.kind = 'birth_date' and b.value = code(t.born_text)
left join terms as s on s.kind = 'street' and s.value = t.street_code
left join terms as x on x.kind = 'street_2' and x.value = t.street_2_code
left join terms as p on p.kind = 'postal_code' and p.value = t.postal_code
left join terms as y on y.kind = 'city' and y.value = t.city_code
left join terms as m on m.kind = 'mailbox' and m.value = code(t.mailbox)
left join spelled as h on h.text = t.mailbox and t.telling
left join spelled as j on j.text = t.street;

-- grain: one row per field and level: the bits that it is worth
create table bits as
select field, level, log2(same / others) as bits, log2(same) as sure
from weights;

-- grain: one row per night: the bits of any two customers before their fields are looked at
create table prior as
select log2($per_profile / greatest(count(distinct grp), 1000)) as bits
from traits;
