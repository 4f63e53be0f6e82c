-- title: how often each combination of levels was seen, and what is known of such a pair already
-- rules: G6, G8
-- Parameters: none.

-- grain: one row per combination of levels and `known`: same (one entity), others (a word or a name stands against it), or '' (open)
create table patterns as
with known as (
  select v.*, case when a.grp = b.grp then 'same' when v.against <> '' or d.verdict = 'not_same' then 'others' else '' end as known
  from suspect_levels as v
  join traits as a on a.n = v.left_n
  join traits as b on b.n = v.right_n
  left join decided as d on d.left_n = v.left_n and d.right_n = v.right_n
)
select known, first_name, last_name, case when crossed then 'yes' else 'no' end as crossed, birth_date, phone, email, street, street_2,
  postal_code, city, number, count(*) as pairs
from known
group by known, first_name, last_name, crossed, birth_date, phone, email, street, street_2, postal_code, city, number;
