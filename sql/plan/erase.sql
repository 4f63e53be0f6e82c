-- title: erase a customer where the vendor's API can, once somebody has asked for it
-- rules: G10, M15
-- grain: one row per profile that is still to be erased
-- action: erase
-- policy: erase
-- reversible: not
-- lost: the customer, for good: that is what was asked for

select
  '' as pairing, t.source, t.id as profile_id,
  case when t.back then 'erased_back' when t.days_left < 0 then 'erasure_overdue' else 'erasure_open' end as kind,
  '' as field, concat(t.source, ':', t.id) as anchor,
  concat('erase|', t.source, ':', t.id) as make_key, '' as after_key,
  -- that it is still the profile of this person; the values themselves are not kept
  [
    struct_pack(name := 'first_name', value := p.first_name), struct_pack(name := 'last_name', value := p.last_name),
    struct_pack(name := 'birth_date', value := p.birth_date), struct_pack(name := 'phone', value := p.phone),
    struct_pack(name := 'email', value := p.email)
  ] as before,
  [struct_pack(name := 'status', value := 'erased')] as after,
  concat('privacy request ', cast(t.request as varchar), ', received ', cast(t.received as varchar)) as why,
  '' as pick, '' as blocked_by, cast(null as varchar) as origin, cast(null as struct(name varchar, value varchar)[]) as origin_view,
  p.status
from erased_profiles as p
join erasure_tasks as t on t.source = p.source and t.id = p.id
join sources as s on s.source = t.source and s.certified
join capabilities as c on c.source = t.source and c.what = 'action' and c.name = 'erase'
where not t.asked
