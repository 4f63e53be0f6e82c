-- title: Linked to a profile that is archived
-- rules: G8, M12, M13, T3
-- severity: high
-- who: store
-- grain: one row per attested link
-- todo: Where the profile was archived by mistake, restore it in the POS: the old link is good again.
-- approve: Else approve the correction.
-- by_hand: Else set the link anew in the system that stores it.

select
  pairing, '' as field, anchor, members, pos_source as store_source, evidence,
  case
    when vendors_own then 'renew the profile in the POS; nothing is created beside it'
    else proposal
  end as proposal,
  blocked_by
from broken_links
where state = 'archived'
