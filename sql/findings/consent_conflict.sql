-- title: Opted out on one side, opted in on the other
-- rules: G9, G9b, M11
-- severity: high
-- grain: one row per link and channel that both systems know
-- approve: Approve the correction: the opt-out is carried over.
-- by_hand: Opt the customer out by hand in the system that is named.
-- todo: An opt-in is never written unattended.

select
  c.pairing, c.field, c.anchor, c.members, c.pos_source as store_source,
  [
    struct_pack(name := concat('consent@', c.ecom_source, ':', c.ecom_id), value := c.ecom_consent),
    struct_pack(name := concat('consent@', c.pos_source, ':', c.pos_id), value := c.pos_consent)
  ] as evidence,
  concat('opt out ', c.target_source, ':', c.target_id) as proposal,
  c.blocked_by
from consent_conflicts as c
