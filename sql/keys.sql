-- title: from profiles to what can be compared
-- rules: G3, G4, G5, G6, M4, M14
-- Parameters: $today (date), $shared_by, $crowd (profiles of one source on one value, whoever they are).

-- grain: one row per full name, cut into what stands for the first and the last name
create table full_names as
select
  full_name,
  trim(case when contains(full_name, ',') then regexp_extract(full_name, ',(.*)$', 1)
    else regexp_extract(trim(full_name), '^(\S+)', 1) end) as first_part,
  trim(case when contains(full_name, ',') then regexp_extract(full_name, '^([^,]*),', 1)
    else regexp_extract(trim(full_name), '^\S+\s+(.*)$', 1) end) as last_part
from (select distinct full_name from profiles where full_name is not null) as d;

-- grain: one row per spelling of a name, and of an address; `folded` is for comparison only, null when it says nothing
-- Names are few and looked up four times per profile: the many addresses are kept out of their way.
create table folded as
with addressed as (
  select l.ecom as source
  from pairings as l
  join field_policies as y on y.pairing = l.pairing and y.field = 'address' and y.wins <> 'ignore'
  union
  select l.pos as source
  from pairings as l
  join field_policies as y on y.pairing = l.pairing and y.field = 'address' and y.wins <> 'ignore'
),
spellings as (
  select first_name as raw, false as address from profiles
  union
  select last_name as raw, false as address from profiles
  union
  select first_part as raw, false as address from full_names
  union
  select last_part as raw, false as address from full_names
  union
  select concat_ws(' ', p.street, p.street_2, p.city, replace(replace(p.postal_code, ' ', ''), '-', '')) as raw, true as address
  from profiles as p
  join addressed as a on a.source = p.source
),
lowered as (
  select raw, address, case
    when not regexp_matches(raw, '[^ -~]') then lower(raw)
    else replace(replace(replace(replace(translate(
      case when regexp_matches(raw, '[\x{0180}-\x{1FFF}]') then translate(lower(raw),
        'ơưǎǐǒǔǖǘǚǜǟǡǧǩǫǭǰǵǹǻȁȃȅȇȉȋȍȏȑȓȕȗșțȟȧȩȫȭȯȱȳΐάέήίΰϊϋόύώйѐёѓїќѝўѷӂӑӓӗӛӝӟӣӥӧӫӭӯӱӳӵӹḁḃḅḇḉḋḍḏḑḓḕḗḙḛḝḟḡḣḥḧḩḫḭḯḱḳḵḷḹḻḽḿṁṃṅṇṉṋṍṏṑṓṕṗṙṛṝṟṡṣṥṧṩṫṭṯṱṳṵṷṹṻṽṿẁẃẅẇẉẋẍẏẑẓẕẖẗẘẙạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ',
        'ouaiouuuuuaagkoojgnaaaeeiioorruusthaeooooyιαεηιυιυουωиеегікиуѵжааеәжзииоөэууучыabbbcdddddeeeeefghhhhhiikkkllllmmmnnnnoooopprrrrsssssttttuuuuuvvwwwwwxxyzzzhtwyaaaaaaaaaaaaeeeeeeeeiioooooooooooouuuuuuuyyyy')
        else lower(raw) end,
      'àáâãäåçèéêëìíîïðñòóôõöøùúûüýÿāăąćĉċčďđēĕėęěĝğġģĥħĩīĭįıĵķĺļľłńņňŋōŏőŕŗřśŝşšţťŧũūŭůűųŵŷźżž',
      'aaaaaaceeeeiiiidnoooooouuuuyyaaaccccddeeeeegggghhiiiiijkllllnnnnooorrrsssstttuuuuuuwyzzz'
    ), 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th')
  end as lower_raw
  from spellings
  where raw is not null and upper(trim(raw)) not in ('', '?', 'N/A', '-', '.', 'UNKNOWN', '(UNKNOWN)')
)
select raw, address, nullif(trim(regexp_replace(
  case when regexp_matches(lower_raw, '[^a-z0-9 ]') then regexp_replace(lower_raw, '[\x{0300}-\x{036F}''’‘`´.]', '', 'g') else lower_raw end,
  '[^\p{L}\p{M}\p{N}]+', ' ', 'g')), '') as folded
from lowered;

-- grain: one row per spelling of a birth date and region that is a day; 1900-01-01 and days to come are none
create table birth_days as
with spelled as (
  select distinct p.birth_date as raw, trim(p.birth_date) as text, s.region
  from profiles as p
  join sources as s on s.source = p.source
  where p.birth_date is not null
),
parts as (
  select raw, region, text,
    regexp_extract(text, '^(\d{1,2})[./-]\d{1,2}[./-]\d{4}$', 1) as one,
    regexp_extract(text, '^\d{1,2}[./-](\d{1,2})[./-]\d{4}$', 1) as two
  from spelled
),
dated as (
  select raw, region, try_cast(case
    when regexp_matches(text, '^\d{4}-\d{1,2}-\d{1,2}([T ]|$)') then regexp_extract(text, '^(\d{4}-\d{1,2}-\d{1,2})', 1)
    when regexp_matches(text, '^\d{4}/\d{1,2}/\d{1,2}$') then replace(text, '/', '-')
    when regexp_matches(text, '^\d{8}$') then concat(substr(text, 1, 4), '-', substr(text, 5, 2), '-', substr(text, 7, 2))
    when one = '' then null
    when try_cast(one as integer) <= 12 and (try_cast(two as integer) > 12 or region in ('US', 'CA'))
      then concat(substr(text, length(text) - 3, 4), '-', one, '-', two)
    else concat(substr(text, length(text) - 3, 4), '-', two, '-', one)
  end as date) as day
  from parts
)
select raw, region, day
from dated
where day between date '1900-01-02' and cast($today as date);

-- grain: one row per profile that may stand for a person tonight; `n` is dense and ordered by source and id
-- Beside the number what takes long lists to find: one statement with all of them would need the memory for all of them at once.
create table numbered as
select row_number() over (order by p.source, p.id) - 1 as n, p.source, p.id, s.region, ph.e164, a.folded as address_key
from profiles as p
join sources as s on s.source = p.source and s.usable
left join standins as i on i.source = p.source and i.id = p.id
left join phones as ph on ph.raw = p.phone and ph.region = s.region
left join folded as a
  on a.address and a.raw = concat_ws(' ', p.street, p.street_2, p.city, replace(replace(p.postal_code, ' ', ''), '-', ''))
where i.id is null;

-- grain: one row per profile of `numbered`
-- What is judged later of every profile is taken along, so that nobody has to find it again by source and id.
create table people as
select
  w.n, p.source, p.id, p.status, p.status = 'active' as in_play, p.merged_into, w.region as home,
  case when f.folded is null and l.folded is null then uf.folded
    -- what a form insisted on is nobody's name; as a surname it may be one
    when f.folded in ('na', 'none', 'null', 'nil', 'no', 'noname', 'guest', 'customer', 'test', 'mr', 'mrs', 'mr mrs', 'ms', 'miss', 'mx', 'dr', 'x', 'xx', 'xxx')
      or regexp_matches(f.folded, '^[0-9 ]+$') then null
    else f.folded end as first_key,
  case when f.folded is null and l.folded is null then ul.folded else l.folded end as last_key,
  b.day as birth_key,
  w.e164 as phone_key,
  case when regexp_matches(trim(p.email), '^[^@\s]+@[^@\s]+$') then lower(trim(p.email)) end as email_key,
  w.address_key,
  p.street is not null as has_street, p.city is not null as has_city, p.postal_code is not null as has_postal_code,
  p.country is not null as has_country, p.has_purchased, p.email_consent, p.sms_consent, p.created_at, p.updated_at
from profiles as p
join numbered as w on w.source = p.source and w.id = p.id
left join folded as f on f.raw = p.first_name and not f.address
left join folded as l on l.raw = p.last_name and not l.address
left join full_names as u on u.full_name = p.full_name
left join folded as uf on uf.raw = u.first_part and not uf.address
left join folded as ul on ul.raw = u.last_part and not ul.address
left join birth_days as b on b.raw = p.birth_date and b.region = w.region;

-- grain: one row per profile and different value that could identify it, placeholders included
create table all_keys as
with extra as (
  select w.n, w.source, w.in_play, w.home, w.phone_key, w.email_key, p.phone_2,
    case when regexp_matches(trim(p.email_2), '^[^@\s]+@[^@\s]+$') then lower(trim(p.email_2)) end as email_2,
    nullif(trim(p.external_id), '') as external_id
  from people as w
  join (
    select source, id, phone_2, email_2, external_id
    from profiles
    where phone_2 is not null or email_2 is not null or external_id is not null
  ) as p on p.source = w.source and p.id = w.id
  where w.status in ('active', 'archived')
)
select n, source, in_play, 'phone' as key_kind, phone_key as key
from people
where phone_key is not null and status in ('active', 'archived')
union all
select n, source, in_play, 'email' as key_kind, email_key as key
from people
where email_key is not null and status in ('active', 'archived')
union all
select w.n, w.source, w.in_play, 'phone' as key_kind, ph.e164 as key
from extra as w
join phones as ph on ph.raw = w.phone_2 and ph.region = w.home and ph.e164 is not null
where ph.e164 is distinct from w.phone_key
union all
select n, source, in_play, 'email' as key_kind, email_2 as key
from extra
where email_2 is not null and email_2 is distinct from email_key
union all
select n, source, in_play, 'external_id' as key_kind, external_id as key
from extra
where external_id is not null;

-- grain: one row per source and value that is no key of anybody (G5); why: listed (`pattern` says by which entry), shared (by so
-- many `people` who are clearly different), or crowd
create table placeholders as
with crowded as (
  select source, key_kind, key, count(*) as profiles
  from all_keys
  group by source, key_kind, key
  having count(*) > least($shared_by, $crowd)
),
holders as (
  select k.n, c.source, c.key_kind, c.key, c.profiles
  from all_keys as k
  join crowded as c on c.source = k.source and c.key_kind = k.key_kind and c.key = k.key
),
-- different first names, or different birth dates: each counts people who are clearly different
shared as (
  select h.source, h.key_kind, h.key, h.profiles, greatest(count(distinct w.first_key), count(distinct w.birth_key)) as people
  from people as w
  join holders as h on h.n = w.n
  group by h.source, h.key_kind, h.key, h.profiles
),
listed as (
  select k.source, k.key_kind, k.key, min(l.pattern) as pattern
  from all_keys as k
  join placeholder_list as l on l.key_kind = k.key_kind and k.key like l.pattern
  group by k.source, k.key_kind, k.key
)
select source, key_kind, key, 'listed' as why, pattern, cast(null as bigint) as people from listed
union all
select s.source, s.key_kind, s.key, case when s.people > $shared_by then 'shared' else 'crowd' end as why, cast(null as varchar) as pattern, s.people
from shared as s
left join listed as l on l.source = s.source and l.key_kind = s.key_kind and l.key = s.key
where (s.people > $shared_by or s.profiles > $crowd) and l.key is null;

-- grain: one row per profile and value that identifies it; a value that is a placeholder in one source is none anywhere
create table keys as
select k.n, k.source, k.in_play, k.key_kind, k.key
from all_keys as k
left join (select distinct key_kind, key from placeholders) as h on h.key_kind = k.key_kind and h.key = k.key
where h.key is null;
