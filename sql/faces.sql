-- title: who the members of a finding are: what a person compares before deciding
-- rules: G8
-- grain: one row per finding and member, of so many findings and of twelve members each
-- Parameters: $most.

with placed as (
  select finding_id, members, row_number() over (order by kind, finding_id) as place
  from findings
),
shown as (
  select finding_id, unnest(list_slice(members, 1, 12)) as member
  from placed
  where place <= $most
)
select s.finding_id, s.member, p.first_name, p.last_name, p.birth_date, p.phone, p.email, p.status
from shown as s
join profiles as p on concat(p.source, ':', p.id) = s.member
order by s.finding_id, s.member
