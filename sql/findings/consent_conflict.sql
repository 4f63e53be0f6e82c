-- title: Opted out in one place, still opted in in another
-- rules: G9, G9a, G10, X1, X5, M7, M11
-- severity: high
-- who: shop
-- grain: one row per profile and channel that still says yes although another profile of the customer says no, or was erased
-- approve: Approve the correction: the opt-out is carried over.
-- by_hand: Opt the customer out by hand in the system that is named.
-- todo: Where the customer was erased: see to it that the request is met in the named system too; `rollcall erase SOURCE:ID` follows the request into every source (G10).
-- todo: Where the customer opted in again later, the evidence says so: ask the customer, and accept the finding if it is true.

select
  c.pairing, c.field, c.anchor, c.members, c.target_source as store_source,
  [
    struct_pack(name := concat('consent@', c.target_source, ':', c.target_id), value := c.target_consent),
    struct_pack(name := concat('consent@', c.by_source, ':', c.by_id), value := c.by_word),
    struct_pack(name := 'origin', value := concat(c.first_source, ':', c.first_id)),
    struct_pack(name := 'since', value := case when c.first_time is not null then concat(cast(c.first_time as varchar), ' UTC, its own time')
      when c.first_seen is not null then concat('first seen on ', cast(c.first_seen as varchar)) else 'unknown' end),
    struct_pack(name := concat('since@', c.target_source, ':', c.target_id), value := case when c.stamp is null then '' else concat_ws(' ', cast(c.stamp as varchar), 'UTC', c.how) end),
    struct_pack(name := 'reason', value := case when c.doubt = '' then 'the customer opted in again later' else concat('no first-hand evidence of an opt-in: ', c.doubt) end)
  ] as evidence,
  case when c.doubt = '' then concat('a person decides: the newer opt-in stands in ', c.target_source, ':', c.target_id, ' if this is accepted; else opt out there')
    else concat('opt out ', c.target_source, ':', c.target_id, case when c.by_word = 'erased' then '; a person decides whether to erase it too' else '' end) end as proposal,
  c.blocked_by
from consent_conflicts as c
where c.kind = 'consent_conflict'
