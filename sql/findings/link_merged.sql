-- title: Linked to a profile that was merged into another
-- rules: G14, T3, T10, M12
-- severity: high
-- who: shop
-- grain: one row per attested link
-- todo: Move the link to the survivor in the system that stores it.

select
  pairing, '' as field, anchor, members, pos_source as store_source, evidence,
  case
    when vendors_own then concat('the link moves to the survivor, ', coalesce(concat(pos_source, ':', merged_into), 'which the POS does not name'))
    else proposal
  end as proposal,
  blocked_by
from broken_links
where state = 'merged'
