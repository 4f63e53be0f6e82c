-- title: from profiles to what can be compared
-- rules: G3, G4, G5, G6, M4, M14
-- Parameters: $today (date), $shared_by, $crowd (profiles of one source on one value, whoever they are).

-- grain: one row per spelling of a name; `folded` is for comparison only, null when it says nothing
create table folded as
with spellings as (
  select first_name as raw from profiles
  union
  select last_name as raw from profiles
  union
  select full_name as raw from profiles
)
select
  raw,
  case when upper(trim(raw)) in ('?', 'N/A', '-', '.', 'UNKNOWN', '(UNKNOWN)') then null
  else nullif(trim(regexp_replace(regexp_replace(translate(
    replace(replace(replace(replace(lower(raw), 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th'),
    'àáâãäåāăąçćčďđðèéêëēėęěğìíîïīįıķłľļñńňņòóôõöøōőŕřśšşșťțţùúûüūůűųýÿźžż',
    'aaaaaaaaacccdddeeeeeeeegiiiiiiiklllnnnnoooooooorrssssttuuuuuuuuyyzzz'
  ), '[\x{0300}-\x{036F}''’‘`´.]', '', 'g'), '[^\p{L}\p{N}]+', ' ', 'g')), '')
  end as folded
from spellings
where raw is not null;

-- grain: one row per profile that may stand for a person tonight; `n` is dense and ordered by source and id
create table people as
with standing as (
  select p.*, f.folded as first_folded, l.folded as last_folded, u.folded as full_folded, s.region as country_default
  from profiles as p
  join sources as s on s.source = p.source and s.usable
  left join folded as f on f.raw = p.first_name
  left join folded as l on l.raw = p.last_name
  left join folded as u on u.raw = p.full_name
  left join standins as i on i.source = p.source and i.id = p.id
  where i.id is null
),
dated as (
  select
    source, id,
    case
      when regexp_matches(birth_date, '^\d{4}-\d{1,2}-\d{1,2}') then regexp_extract(birth_date, '^(\d{4}-\d{1,2}-\d{1,2})', 1)
      when regexp_matches(birth_date, '^\d{4}/\d{1,2}/\d{1,2}$') then replace(birth_date, '/', '-')
      when regexp_matches(birth_date, '^\d{8}$')
        then concat(substr(birth_date, 1, 4), '-', substr(birth_date, 5, 2), '-', substr(birth_date, 7, 2))
      when regexp_matches(birth_date, '^\d{1,2}[./-]\d{1,2}[./-]\d{4}$') then concat(
        regexp_extract(birth_date, '(\d{4})$', 1), '-',
        case when month_first then regexp_extract(birth_date, '^(\d{1,2})', 1) else regexp_extract(birth_date, '^\d{1,2}[./-](\d{1,2})', 1) end, '-',
        case when month_first then regexp_extract(birth_date, '^\d{1,2}[./-](\d{1,2})', 1) else regexp_extract(birth_date, '^(\d{1,2})', 1) end)
    end as iso
  from (
    select
      source, id, trim(birth_date) as birth_date,
      case
        when try_cast(regexp_extract(trim(birth_date), '^(\d{1,2})[./-]', 1) as integer) > 12 then false
        when try_cast(regexp_extract(trim(birth_date), '^\d{1,2}[./-](\d{1,2})', 1) as integer) > 12 then true
        else country_default in ('US', 'CA')
      end as month_first
    from standing
    where birth_date is not null
  ) as spelled
)
select
  row_number() over (order by s.source, s.id) - 1 as n,
  s.source, s.id, s.status, s.status = 'active' as in_play,
  coalesce(s.first_folded, case
    when s.last_folded is not null then null
    when contains(s.full_name, ',') then nullif(trim(regexp_extract(lower(s.full_name), ',\s*(.*)$', 1)), '')
    else regexp_extract(s.full_folded, '^([^ ]+)', 1)
  end) as first_key,
  coalesce(s.last_folded, case
    when s.first_folded is not null then null
    when contains(s.full_name, ',') then nullif(trim(regexp_extract(lower(s.full_name), '^([^,]*),', 1)), '')
    else nullif(trim(regexp_extract(s.full_folded, '^[^ ]+ (.*)$', 1)), '')
  end) as last_key,
  case when try_cast(d.iso as date) between date '1900-01-02' and cast($today as date) then try_cast(d.iso as date) end as birth_key,
  ph.e164 as phone_key,
  case when regexp_matches(trim(s.email), '^[^@\s]+@[^@\s]+$') then lower(trim(s.email)) end as email_key,
  nullif(concat_ws('|',
    nullif(regexp_replace(lower(concat_ws(' ', s.street, s.street_2)), '[^\p{L}\p{N}]+', ' ', 'g'), ''),
    nullif(regexp_replace(lower(s.city), '[^\p{L}\p{N}]+', ' ', 'g'), ''),
    nullif(regexp_replace(lower(s.postal_code), '[^\p{L}\p{N}]+', '', 'g'), '')), '') as address_key,
  s.created_at, s.updated_at
from standing as s
left join dated as d on d.source = s.source and d.id = s.id
left join phones as ph on ph.raw = s.phone and ph.region = s.country_default
order by n;

-- grain: one row per profile and different value that could identify it, placeholders included
create table all_keys as
with spelled as (
  select p.source, p.id, 'phone' as key_kind, ph.e164 as key
  from profiles as p
  join sources as s on s.source = p.source
  join phones as ph on ph.raw = p.phone and ph.region = s.region
  union all
  select p.source, p.id, 'phone' as key_kind, ph.e164 as key
  from profiles as p
  join sources as s on s.source = p.source
  join phones as ph on ph.raw = p.phone_2 and ph.region = s.region
  union all
  select source, id, 'email' as key_kind, lower(trim(email)) as key
  from profiles
  where regexp_matches(trim(email), '^[^@\s]+@[^@\s]+$')
  union all
  select source, id, 'email' as key_kind, lower(trim(email_2)) as key
  from profiles
  where regexp_matches(trim(email_2), '^[^@\s]+@[^@\s]+$')
  union all
  select source, id, 'external_id' as key_kind, trim(external_id) as key
  from profiles
  where trim(external_id) <> ''
)
select distinct w.n, w.source, w.in_play, k.key_kind, k.key
from spelled as k
join people as w on w.source = k.source and w.id = k.id
where k.key is not null and w.status in ('active', 'archived');

-- grain: one row per source and value that is no key of anybody (G5)
create table placeholders as
with shared as (
  select k.source, k.key_kind, k.key, count(distinct w.first_key) as names, count(*) as profiles
  from all_keys as k
  join people as w on w.n = k.n
  group by k.source, k.key_kind, k.key
  having count(*) > least($shared_by, $crowd)
),
listed as (
  select distinct k.source, k.key_kind, k.key
  from all_keys as k
  join placeholder_list as l on l.key_kind = k.key_kind and k.key like l.pattern
)
select source, key_kind, key, 'listed' as why from listed
union all
select s.source, s.key_kind, s.key, case when s.names > $shared_by then 'shared' else 'crowd' end as why
from shared as s
left join listed as l on l.source = s.source and l.key_kind = s.key_kind and l.key = s.key
where (s.names > $shared_by or s.profiles > $crowd) and l.key is null;

-- grain: one row per profile and value that identifies it; a value that is a placeholder in one source is none anywhere
create table keys as
select k.n, k.source, k.in_play, k.key_kind, k.key
from all_keys as k
left join (select distinct key_kind, key from placeholders) as h on h.key_kind = k.key_kind and h.key = k.key
where h.key is null;
