-- title: The value to be written sits on another profile
-- rules: G14, C3, C4
-- severity: high
-- who: store
-- grain: one row per correction of phone or email whose value somebody else holds
-- todo: Find out whose it is. The same person: merge first. Another person: free the value on the profile that should not have it.
-- todo: Then the first change goes through on the next run.
-- approve: Approve the correction that frees the value, by its own id; the one that waits for it follows.
-- by_hand: Free the value by hand in the system that is named, or leave it: nothing is written before.

select
  v.pairing, v.field,
  concat(v.anchor, '|', v.field) as anchor,
  list_sort(list_distinct([concat(v.target_source, ':', v.target_id), concat(v.target_source, ':', v.taken_by)])) as members,
  v.target_source as store_source,
  [struct_pack(name := v.field, value := v.new_key), struct_pack(name := 'holder', value := concat(v.target_source, ':', v.taken_by))] as evidence,
  concat('clear it on ', v.target_source, ':', v.taken_by, ' first, then ', case when v.task then 'change' else 'write' end, ' it on ',
    v.target_source, ':', v.target_id) as proposal,
  '' as blocked_by
from verdicts as v
where v.taken_by is not null
