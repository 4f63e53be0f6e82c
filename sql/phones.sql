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
insert into phones
select s.raw, s.region, concat('+1', right(s.digits, 10)) as e164, cast(null as varchar) as why
from (
  select raw, region, regexp_replace(raw, '[ ().-]', '', 'g') as digits
  from spellings
  where region in (
    'AG', 'AI', 'AS', 'BB', 'BM', 'BS', 'CA', 'DM', 'DO', 'GD', 'GU', 'JM', 'KN', 'KY', 'LC', 'MP', 'MS', 'PR', 'SX',
    'TC', 'TT', 'US', 'VC', 'VG', 'VI'
  )
) as s
where regexp_matches(s.digits, '^([+]?1)?[2-9][0-9][0-9][2-9][0-9][0-9][0-9][0-9][0-9][0-9]$');

-- what is left
select s.raw, s.region, k.raw is not null as known, k.e164, k.why
from spellings as s
left join phones as h on h.raw = s.raw and h.region = s.region
left join kept as k on k.raw = s.raw and k.region = s.region
where h.raw is null
order by s.raw, s.region;
