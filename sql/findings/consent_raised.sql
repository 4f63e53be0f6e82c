-- title: Opted out, and opted in again without a decision
-- rules: G9, G9a, G9b
-- severity: critical
-- who: shop
-- grain: one row per profile and channel that opted out on an earlier night and reads opted in now
-- approve: Approve the correction: the opt-out is put back.
-- by_hand: Opt the customer out by hand in the system that is named.
-- todo: Find out what set it: a sync, an import, a merge, or the customer. A sync or an import does it again until it is stopped.
-- todo: Only where the customer opted in again: accept the finding.

select
  c.pairing, c.field, c.anchor, c.members, c.target_source as store_source,
  [
    struct_pack(name := concat('consent@', c.target_source, ':', c.target_id), value := c.target_consent),
    struct_pack(name := 'origin', value := concat(c.first_source, ':', c.first_id)),
    struct_pack(name := 'since', value := case when c.first_time is not null then concat(cast(c.first_time as varchar), ' UTC, its own time')
      when c.first_seen is not null then concat('first seen on ', cast(c.first_seen as varchar)) else 'unknown' end),
    struct_pack(name := concat('since@', c.target_source, ':', c.target_id), value := case when c.stamp is null then '' else concat_ws(' ', cast(c.stamp as varchar), 'UTC', c.how) end),
    struct_pack(name := 'reason', value := case when c.doubt = '' then 'the customer opted in again later' else concat('no first-hand evidence of an opt-in: ', c.doubt) end)
  ] as evidence,
  case when c.doubt = '' then concat('a person decides: the newer opt-in stands in ', c.target_source, ':', c.target_id, ' if this is accepted; else opt out there')
    else concat('opt out ', c.target_source, ':', c.target_id, ' again') end as proposal,
  c.blocked_by
from consent_conflicts as c
where c.kind = 'consent_raised'
