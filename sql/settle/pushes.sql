-- title: of what the vendors' own syncs write, what holds: the later change of a field wins, and a value that is there is none
-- rules: X5, W2
-- Parameters: none. Reads `pushed`: all that the files under `sql/syncs/` say.

-- grain: one row per profile and field; a side that was itself written later keeps what it has
create table pushes as
with ranked as (
  select p.*, row_number() over (
      partition by p.source, p.id, p.name
      order by p.seq desc, p.by_source, p.by_id
    ) as place
  from pushed as p
),
shown as (
  select r.*, case r.name
    when 'first_name' then c.first_name
    when 'last_name' then c.last_name
    when 'birth_date' then c.birth_date
    when 'phone' then c.phone
    when 'email' then c.email
    when 'street' then c.street
    when 'street_2' then c.street_2
    when 'city' then c.city
    when 'region' then c.region
    when 'postal_code' then c.postal_code
    when 'country' then c.country
    when 'group' then c.group_name
    when 'email_consent' then c.email_consent
  end as before
  from profiles as c
  join ranked as r on r.source = c.source and r.id = c.id
  where r.place = 1 and c.status = 'active'
)
select r.source, r.id, r.name, r.value, r.before, r.correction, r.seq, r.rules, r.by_source, r.by_id
from shown as r
left join writes as w on w.source = r.source and w.id = r.id and w.name = r.name
where r.before is distinct from r.value and (w.seq is null or w.seq < r.seq);
