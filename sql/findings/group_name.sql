-- title: A group is spelled differently at the till and in the shop
-- rules: X2
-- severity: medium
-- who: shop
-- grain: one row per group in use in the shop and spelling at the POS that differs only in case, spaces or punctuation
-- todo: Rename the group at the POS to the title that is proposed; its customers stay in it.
-- todo: Groups that are meant to have two names belong under `groups:` of the pairing.

select
  l.pairing, 'group' as field,
  concat(l.pairing, '|', l.ecom, '|', e.name, '|', l.pos, '|', p.name) as anchor,
  cast([] as varchar[]) as members,
  l.pos as store_source,
  [
    struct_pack(name := concat('group@', l.ecom), value := e.name),
    struct_pack(name := concat('group@', l.pos), value := p.name),
    struct_pack(name := 'reason', value := concat('they differ in ', case
      when lower(p.name) = lower(coalesce(m.pos_name, e.name)) then 'upper and lower case'
      when replace(p.name, ' ', '') = replace(coalesce(m.pos_name, e.name), ' ', '') then 'blanks'
      when replace(lower(p.name), ' ', '') = replace(lower(coalesce(m.pos_name, e.name)), ' ', '') then 'blanks, and upper and lower case'
      else 'punctuation, blanks or case' end))
  ] as evidence,
  concat('rename the group in ', l.pos, ' to ', coalesce(m.pos_name, e.name)) as proposal,
  '' as blocked_by
from group_titles as e
join group_pairings as l on l.ecom = e.source
left join group_names as m on m.pairing = l.pairing and m.ecom_name = e.name
join group_titles as p on p.source = l.pos and p.name <> coalesce(m.pos_name, e.name)
  and p.bare = coalesce(nullif(regexp_replace(lower(coalesce(m.pos_name, e.name)), '[[:space:][:punct:]]', '', 'g'), ''), coalesce(m.pos_name, e.name))
-- two names that both systems have are two groups
left join group_titles as here on here.source = l.pos and here.name = coalesce(m.pos_name, e.name)
left join group_names as back on back.pairing = l.pairing and back.pos_name = p.name
left join group_titles as there on there.source = l.ecom and there.name = coalesce(back.ecom_name, p.name)
where here.name is null or there.name is null
