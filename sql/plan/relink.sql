-- title: store the link to the profile that is the customer's
-- rules: G8, M5, M12
-- grain: one row per shop profile and POS source whose stored link is missing or broken
-- action: relink
-- policy: relink
-- reversible: fully

select
  r.pairing, r.ecom_source as source, r.ecom_id as profile_id,
  r.kind,
  '' as field,
  r.anchor,
  concat('relink|', r.ecom_source, ':', r.ecom_id, '|', r.pos_source) as make_key,
  case when r.pos_id is null then concat('create|', r.pos_source, '|', r.ecom_source, ':', r.ecom_id) else '' end as after_key,
  [struct_pack(name := concat('link:', r.pos_source), value := r.old_id)] as before,
  [struct_pack(name := concat('link:', r.pos_source), value := coalesce(r.pos_id, '@created'))] as after,
  case when r.pos_id is null then 'link to the profile just created' when r.rule = 'merge' then 'the vendor merged the old one into this' else concat('the first that matches, by ', r.rule) end as why,
  '' as pick,
  case when r.blocked_by = '' then coalesce(i.why, '') else r.blocked_by end as blocked_by, case when p.id is not null then concat(r.pos_source, ':', r.pos_id) end as origin,
  [
    struct_pack(name := 'status', value := p.status), struct_pack(name := 'first_name', value := p.first_name),
    struct_pack(name := 'last_name', value := p.last_name), struct_pack(name := 'birth_date', value := p.birth_date),
    struct_pack(name := 'phone', value := p.phone), struct_pack(name := 'email', value := p.email)
  ] as origin_view
from relinks as r
left join profiles as p on p.source = r.pos_source and p.id = r.pos_id
join pairings as l on l.pairing = r.pairing and l.pos = r.pos_source and not l.vendor_sync
join capabilities as c on c.source = r.ecom_source and c.what = 'action' and c.name = 'relink'
left join in_the_way as i on i.pairing = r.pairing and i.ecom_n = r.ecom_n and i.pos_source = r.pos_source
left join capabilities as m on m.source = r.pos_source and m.what = 'action' and m.name = 'create'
where r.pos_id is not null or (r.lacks = '' and m.name is not null and (not r.doubtful or r.reason = 'broken'))
