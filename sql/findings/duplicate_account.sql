-- title: One customer with several accounts in the shop
-- rules: G8, G11, M10
-- severity: medium
-- grain: one row per shop and customer on several profiles that share no phone or email
-- todo: Open the profiles side by side: another system holds them for one customer.
-- approve: Approve the merge by its own id; nothing else lets it go, and nothing brings it back.
-- by_hand: Keep the proposed one; say `rollcall decide not_same` where they are two people.

select
  '' as pairing, '' as field,
  concat(a.source, '|', a.entity_id) as anchor,
  list_sort(list(concat(a.source, ':', a.id))) as members,
  a.source as store_source,
  list_concat([
    struct_pack(name := 'count', value := cast(count(*) as varchar)),
    struct_pack(name := 'survivor', value := max(case when a.place = 1 then concat(a.source, ':', a.id) end))
  ], list_sort(flatten(list(b.facts)))) as evidence,
  case when a.torn then 'not all of these look like one person: a person sorts out who is who'
    else concat('keep ', max(case when a.place = 1 then concat(a.source, ':', a.id) end), ' and merge the others into it') end as proposal,
  coalesce(max(x.blocked_by), '') as blocked_by
from accounts as a
left join balances as b on b.source = a.source and b.id = a.id
left join mergers as m on m.source = a.source and m.kind = 'duplicate_account' and m.loser_n = a.n
left join merge_blocks as x on x.source = m.source and x.survivor_id = m.survivor_id and x.loser_id = m.loser_id
group by a.source, a.entity_id, a.torn
