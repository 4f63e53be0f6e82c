-- title: Linked to a profile that no longer exists
-- rules: M12, G2a
-- severity: high
-- who: shop
-- grain: one row per attested link
-- approve: Approve the correction; the id was asked for and does not exist.
-- by_hand: The id was asked for and does not exist: take the link off in the system that stores it, or set it anew.

select
  pairing, '' as field, anchor, members, pos_source as store_source, evidence,
  case
    when vendors_own then 'the vendor has to mend its link: name both profiles to its support'
    else proposal
  end as proposal,
  blocked_by
from broken_links
where state = 'deleted'
