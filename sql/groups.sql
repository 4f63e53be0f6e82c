-- title: groups of linked customers: which there are, where they are compared, and who is in different ones
-- rules: G8, G13, X1, X2, X3
-- Parameters: none.

-- grain: one row per source and group name in use by an active profile; `bare`: without case, spaces and punctuation
create table group_titles as
select source, group_name as name,
  coalesce(nullif(regexp_replace(lower(group_name), '[[:space:][:punct:]]', '', 'g'), ''), group_name) as bare
from profiles
where group_name is not null and status = 'active'
group by source, group_name;

-- grain: one row per pairing that compares groups and POS of it; where the shop uses no group, or the POS knows none, nothing
-- needs doing (X2)
create table group_pairings as
select l.pairing, l.ecom, l.pos, y.wins, l.correctable, l.why_not_correctable
from pairings as l
join field_policies as y on y.pairing = l.pairing and y.field = 'group' and y.wins <> 'ignore'
join (select distinct source from group_titles) as e on e.source = l.ecom
join (
  select source from group_titles
  union
  select source from capabilities where what = 'action' and name = 'set_group'
) as w on w.source = l.pos
left join lost_fields as n on n.source = l.pos and n.field = 'group_name'
where n.source is null;

-- grain: one row per link whose sides are in different groups, a spelling that nearly matches being the same (X2, X3)
create table group_conflicts as
with shops as (
  select t.pairing, t.ecom_source, t.ecom_id, t.pos_source, t.pos_id, l.wins, l.correctable, l.why_not_correctable,
    p.group_name as ecom_group, x.ecom_n is not null as crossed
  from profiles as p
  join ties as t on t.ecom_source = p.source and t.ecom_id = p.id
  join group_pairings as l on l.pairing = t.pairing and l.pos = t.pos_source
  left join crossed_links as x on x.pairing = t.pairing and x.ecom_n = t.ecom_n and x.pos_n = t.pos_n
),
sides as (
  select s.*, p.group_name as pos_group
  from profiles as p
  join shops as s on s.pos_source = p.source and s.pos_id = p.id
),
named as (
  select s.*, coalesce(a.pos_name, s.ecom_group) as named_at_pos, coalesce(b.ecom_name, s.pos_group) as named_at_ecom
  from sides as s
  left join group_names as a on a.pairing = s.pairing and a.ecom_name = s.ecom_group
  left join group_names as b on b.pairing = s.pairing and b.pos_name = s.pos_group
),
bared as (
  select n.*,
    coalesce(nullif(regexp_replace(lower(n.named_at_pos), '[[:space:][:punct:]]', '', 'g'), ''), n.named_at_pos) as ecom_bare,
    coalesce(nullif(regexp_replace(lower(n.pos_group), '[[:space:][:punct:]]', '', 'g'), ''), n.pos_group) as pos_bare,
    case when n.ecom_group is null then n.ecom_source else n.pos_source end as target_source,
    case when n.ecom_group is null then n.ecom_id else n.pos_id end as target_id,
    case when n.ecom_group is null then n.named_at_ecom else n.named_at_pos end as new_group
  from named as n
)
select
  b.pairing, concat(b.pairing, '|', b.ecom_source, ':', b.ecom_id, '|', b.pos_source, ':', b.pos_id) as anchor,
  b.ecom_source, b.ecom_id, b.pos_source, b.pos_id, b.ecom_group, b.pos_group, b.wins, b.target_source, b.target_id, b.new_group,
  b.ecom_group is not null and b.pos_group is not null as asked,
  case
    when not b.correctable then b.why_not_correctable
    when b.crossed then 'the link is crossed with another: a person says who is who first'
    when b.ecom_group is not null and b.pos_group is not null then ''
    when a.name is null then concat(b.target_source, ' cannot be written: set the group there by hand')
    when n.source is not null then concat(b.target_source, ' spells the group otherwise: rename it first (X2)')
    else ''
  end as blocked_by
from bared as b
left join capabilities as a on a.source = b.target_source and a.what = 'action' and a.name = 'set_group'
left join group_titles as x on x.source = b.target_source and x.name = b.new_group
left join (select distinct source, bare from group_titles) as n on n.source = b.target_source and x.name is null
  and n.bare = regexp_replace(lower(b.new_group), '[[:space:][:punct:]]', '', 'g')
-- two names that both systems have are two groups, however alike
left join group_titles as here on here.source = b.pos_source and here.name = b.named_at_pos
left join group_titles as there on there.source = b.ecom_source and there.name = b.named_at_ecom
where b.ecom_bare is distinct from b.pos_bare or (b.named_at_pos <> b.pos_group and here.name is not null and there.name is not null);
