-- title: To be erased on request
-- rules: G10, M15, C4
-- severity: high
-- grain: one row per profile that is still to be erased
-- todo: It is closed when a later list is read back and shows nobody. Where a law makes you keep it: `rollcall erase --kept-until DATE SOURCE:ID --reason TEXT`.
-- approve: The correction erases it; whoever asked for the erasure has approved it.
-- by_hand: Erase it as the proposal says; where the system insists on a name or street, write `erased`, and for an email a unique one that ends in .invalid (C4).

select
  '' as pairing, '' as field, concat(source, ':', id) as anchor, [concat(source, ':', id)] as members, source as store_source,
  [
    struct_pack(name := 'law', value := law), struct_pack(name := 'received', value := cast(received as varchar)),
    struct_pack(name := 'due', value := cast(due as varchar)), struct_pack(name := 'days_left', value := cast(days_left as varchar)),
    struct_pack(name := 'request', value := cast(request as varchar))
  ] as evidence,
  way as proposal, '' as blocked_by
from erasure_tasks
where not back and days_left >= 0
