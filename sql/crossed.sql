-- title: stored links of which at least one names the wrong profile
-- rules: G6, G8, M5
-- Parameters: none.

-- grain: one row per stored link to a profile in play that stands in the way of another: `shared` (several shop profiles name one
-- POS profile) or `swapped` (two links, each naming whom the other should); `anchor` is what they have in common
create table crossed_links as
with stored as (
  select pairing, ecom_source, ecom_id, ecom_n, pos_source, pos_id, pos_n
  from attested_states
  where state = 'active' and pos_n is not null
),
shared as (
  select pairing, pos_n
  from stored
  group by pairing, pos_n
  having min(ecom_n) < max(ecom_n)
),
-- only a link that no key and name bear out can be the other's
odd as (
  select s.pairing, s.ecom_source, s.ecom_id, s.ecom_n, s.pos_source, s.pos_id, s.pos_n
  from stored as s
  left join pairs as p on p.left_n = least(s.ecom_n, s.pos_n) and p.right_n = greatest(s.ecom_n, s.pos_n) and p.outcome = 'link'
  where p.left_n is null
),
near as (
  select p.left_n as ecom_n, p.right_n as pos_n
  from pairs as p
  join (select distinct ecom_n from odd) as o on o.ecom_n = p.left_n
  where p.outcome = 'link'
  union all
  select p.right_n as ecom_n, p.left_n as pos_n
  from pairs as p
  join (select distinct ecom_n from odd) as o on o.ecom_n = p.right_n
  where p.outcome = 'link'
),
-- a, whose link names whom b should have, and the other way round
swapped as (
  select a.*, b.ecom_n as other_n, b.pos_id as right_id
  from odd as a
  join near as x on x.ecom_n = a.ecom_n
  join odd as b on b.pos_n = x.pos_n and b.pairing = a.pairing and b.pos_source = a.pos_source and b.ecom_n <> a.ecom_n
  join near as y on y.ecom_n = b.ecom_n and y.pos_n = a.pos_n
),
first_swap as (
  select *, row_number() over (partition by pairing, ecom_n, pos_n order by other_n) as place
  from swapped
)
select s.pairing, s.ecom_source, s.ecom_id, s.ecom_n, s.pos_source, s.pos_id, s.pos_n, 'shared' as how, cast(null as varchar) as right_id,
  concat(s.pairing, '|', s.pos_source, ':', s.pos_id) as anchor
from stored as s
join shared as d on d.pairing = s.pairing and d.pos_n = s.pos_n
union all
select w.pairing, w.ecom_source, w.ecom_id, w.ecom_n, w.pos_source, w.pos_id, w.pos_n, 'swapped' as how, w.right_id,
  concat(w.pairing, '|', w.pos_source, '|', least(w.pos_id, w.right_id), '|', greatest(w.pos_id, w.right_id)) as anchor
from first_swap as w
left join shared as d on d.pairing = w.pairing and d.pos_n = w.pos_n
where w.place = 1 and d.pos_n is null;
