-- title: An erased person is back
-- rules: G10, M15
-- severity: critical
-- grain: one row per profile
-- todo: Nothing is matched, written or remembered of this profile. Find out how it came back: a backup, an import, or another system's sync.
-- todo: Where it is another person, or the same one signed up anew of their own will: `rollcall erase --let-in SOURCE:ID --reason TEXT`.
-- approve: Else the correction erases it again; stop what brought it back first.
-- by_hand: Else erase it again as the proposal says, and stop what brought it back; it is closed when a later list shows nobody.

select
  '' as pairing, '' as field, concat(source, ':', id) as anchor, [concat(source, ':', id)] as members, source as store_source,
  [
    struct_pack(name := 'law', value := law), struct_pack(name := 'received', value := cast(received as varchar)),
    struct_pack(name := 'request', value := cast(request as varchar))
  ] as evidence,
  way as proposal, '' as blocked_by
from erasure_tasks
where back
