-- title: Phone numbers as E.164: the plain North American spellings here, every other spelling left to parsing
-- rules: G3
-- grain: one row per spelling and region

-- every spelling of tonight that has no row yet
create or replace temp table spellings as
select d.raw, d.region
from (
  select p.phone as raw, s.region from profiles as p join sources as s on s.source = p.source
  union
  select p.phone_2 as raw, s.region from profiles as p join sources as s on s.source = p.source
) as d
left join phones as h on h.raw = d.raw and h.region = d.region
where trim(d.raw) <> '' and h.raw is null;

-- surely one number: nothing but its ten digits, or eleven with the 1, and harmless punctuation
create or replace temp table dialled as
select raw, region,
  case when region in (
    'AG', 'AI', 'AS', 'BB', 'BM', 'BS', 'CA', 'DM', 'DO', 'GD', 'GU', 'JM', 'KN', 'KY', 'LC', 'MP', 'MS', 'PR', 'SX',
    'TC', 'TT', 'US', 'VC', 'VG', 'VI'
  ) and regexp_matches(digits, '^([+]?1)?[2-9][0-9][0-9][2-9][0-9][0-9][0-9][0-9][0-9][0-9]$') then concat('+1', right(digits, 10)) end as e164
from (
  select raw, region, replace(replace(replace(replace(replace(raw, ' ', ''), '(', ''), ')', ''), '.', ''), '-', '') as digits
  from spellings
) as s;

insert into phones
select raw, region, e164, cast(null as varchar) as why
from dialled
where e164 is not null;

-- what is left
select s.raw, s.region, k.raw is not null as known, k.e164, k.why
from dialled as s
left join kept as k on k.raw = s.raw and k.region = s.region
where s.e164 is null
order by s.raw, s.region;
