-- title: how many profiles of each source have each field, against the last certified night: what a vendor no longer sends
-- rules: G1, G11, G13
-- Parameters: $key.

-- grain: one row per source and field of which the last certified night knew how many have it, but for those of which a person
-- accepted that nobody has it any more
create table remembered_fields as
select f.source, f.field, f.seen
from filled as f
left join decisions as d on d.target = 'finding' and d.verdict = 'accept'
  and d.id = substr(sha256(concat($key, '|finding|field_lost|', f.source, '|', f.field, '|', f.field)), 1, 16)
where d.id is null;

-- grain: one row per source and field that anybody had on the last certified night and nobody has tonight
create table lost_fields as
with counted as (
  select source, count(id) as profiles,
    count(first_name) as first_name,
    count(last_name) as last_name,
    count(birth_date) as birth_date,
    count(phone) as phone,
    count(email) as email,
    count(street) as street,
    count(street_2) as street_2,
    count(city) as city,
    count(postal_code) as postal_code,
    count(group_name) as group_name,
    count(tags) as tags,
    count(note) as note
  from profiles
  group by source
),
tonight as (
  select source, 'first_name' as field, first_name as seen from counted
  union all
  select source, 'last_name' as field, last_name as seen from counted
  union all
  select source, 'birth_date' as field, birth_date as seen from counted
  union all
  select source, 'phone' as field, phone as seen from counted
  union all
  select source, 'email' as field, email as seen from counted
  union all
  select source, 'street' as field, street as seen from counted
  union all
  select source, 'street_2' as field, street_2 as seen from counted
  union all
  select source, 'city' as field, city as seen from counted
  union all
  select source, 'postal_code' as field, postal_code as seen from counted
  union all
  select source, 'group_name' as field, group_name as seen from counted
  union all
  select source, 'tags' as field, tags as seen from counted
  union all
  select source, 'note' as field, note as seen from counted
)
select f.source, f.field, f.seen
from remembered_fields as f
join sources as s on s.source = f.source and s.certified
join tonight as t on t.source = f.source and t.field = f.field
-- a handful may have been cleared by hand
where t.seen = 0 and f.seen >= 10;

-- grain: one row per source and field that anybody has: what the next night gets as `filled`; what was lost stays as it was
create table next_filled as
with counted as (
  select p.source,
    count(p.first_name) as first_name,
    count(p.last_name) as last_name,
    count(p.birth_date) as birth_date,
    count(p.phone) as phone,
    count(p.email) as email,
    count(p.street) as street,
    count(p.street_2) as street_2,
    count(p.city) as city,
    count(p.postal_code) as postal_code,
    count(p.group_name) as group_name,
    count(p.tags) as tags,
    count(p.note) as note
  from profiles as p
  join sources as s on s.source = p.source and s.certified
  group by p.source
),
tonight as (
  select source, 'first_name' as field, first_name as seen from counted
  union all
  select source, 'last_name' as field, last_name as seen from counted
  union all
  select source, 'birth_date' as field, birth_date as seen from counted
  union all
  select source, 'phone' as field, phone as seen from counted
  union all
  select source, 'email' as field, email as seen from counted
  union all
  select source, 'street' as field, street as seen from counted
  union all
  select source, 'street_2' as field, street_2 as seen from counted
  union all
  select source, 'city' as field, city as seen from counted
  union all
  select source, 'postal_code' as field, postal_code as seen from counted
  union all
  select source, 'group_name' as field, group_name as seen from counted
  union all
  select source, 'tags' as field, tags as seen from counted
  union all
  select source, 'note' as field, note as seen from counted
)
select coalesce(t.source, f.source) as source, coalesce(t.field, f.field) as field, case when coalesce(t.seen, 0) = 0 then f.seen else t.seen end as seen
from tonight as t
full join remembered_fields as f on f.source = t.source and f.field = t.field
where coalesce(t.seen, 0) > 0 or f.seen > 0;
