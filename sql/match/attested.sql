-- title: the links that systems store themselves (tier 0)
-- rules: M12, M13, T3, G1
-- Parameters: none.

-- grain: one row per pairing, shop profile, POS source and id that a system stores (tier 0)
create table attested as
select distinct w.n as ecom_n, l.pairing, l.ecom as ecom_source, w.id as ecom_id, l.pos as pos_source, u.link.id as pos_id
from (
  select source, id, unnest(links) as link
  from profiles
) as u
join people as w on w.source = u.source and w.id = u.id and w.in_play
join link_keys as k on k.source = u.source and k.key = u.link.key
join pairings as l on l.ecom = u.source and l.pos = k.pos_source
where u.link.id <> '';

-- grain: one row per attested link, with what became of the profile that it names
create table attested_states as
select
  a.*, w.n as pos_n, w.merged_into,
  case
    when q.id is not null then 'unreadable'
    when w.n is not null then w.status
    when i.status is not null then i.status
    when s.certified then 'deleted'
    else 'unseen'
  end as state
from attested as a
join sources as s on s.source = a.pos_source
left join people as w on w.source = a.pos_source and w.id = a.pos_id
left join (
  select p.source, p.id, p.status
  from profiles as p
  join standins as t on t.source = p.source and t.id = p.id
) as i on i.source = a.pos_source and i.id = a.pos_id
left join (select distinct source, id from quarantine) as q on q.source = a.pos_source and q.id = a.pos_id;

-- grain: one row per two profiles that belong together whatever their names say: a stored link, or a person's word
create table given_edges as
with given as (
  select least(ecom_n, pos_n) as left_n, greatest(ecom_n, pos_n) as right_n
  from attested_states
  where pos_n is not null and state in ('active', 'archived')
  union
  select left_n, right_n
  from decided
  where verdict = 'same'
)
select g.left_n, g.right_n
from given as g
left join decided as d on d.left_n = g.left_n and d.right_n = g.right_n and d.verdict = 'not_same'
where d.left_n is null;
