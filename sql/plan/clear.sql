-- title: free a value on the profile that should not have it, so that it can be written where it belongs
-- rules: C3, C4, G5, G6, G14
-- grain: one row per value and profile that has to give it up
-- action: update
-- policy: drift
-- by_name: yes
-- reversible: partly
-- lost: the value comes back only while nobody else holds it

select
  v.pairing, c.source, c.id as profile_id, 'contact_taken' as kind, c.field, concat(v.anchor, '|', v.field) as anchor,
  concat('clear|', c.source, ':', c.id, '|', c.field) as make_key, '' as after_key,
  [struct_pack(name := c.field, value := case when c.field = 'phone' then h.phone else h.email end)] as before,
  -- a vendor that insists on an email gets one that reaches nobody and is unique; a phone is never invented
  [struct_pack(name := c.field, value := case when c.required
    then concat('cleared-', substr(sha256(concat(c.source, ':', c.id)), 1, 12), '@rollcall.invalid') end)] as after,
  concat(v.target_source, ':', v.target_id, ' is to have it, and ', case when c.same_person then 'this is the same customer once more'
    when c.linked then 'this is another customer, who is linked to one without it' else 'this is another customer, whom nothing else has with it' end) as why,
  'pick' as pick, '' as blocked_by, concat(v.origin_source, ':', v.origin_id) as origin,
  [
    struct_pack(name := 'status', value := o.status),
    struct_pack(name := c.field, value := case when c.field = 'phone' then o.phone else o.email end)
  ] as origin_view
from verdicts as v
join clears as c on c.anchor = v.anchor and c.field = v.field and c.own_key is null
join profiles as h on h.source = c.source and h.id = c.id
join profiles as o on o.source = v.origin_source and o.id = v.origin_id
join pairings as l on l.pairing = v.pairing and l.correctable and l.pos in (v.target_source, v.origin_source)
