-- title: store the link to the profile that is the customer's
-- rules: M5, M12
-- grain: one row per shop profile and POS source whose stored link is missing or broken
-- action: relink
-- policy: relink
-- reversible: fully

select
  r.pairing, r.ecom_source as source, r.ecom_id as profile_id,
  case when r.reason = 'missing' then 'link_missing' else coalesce(concat('link_', b.state), 'link_missing') end as kind,
  '' as field,
  case when r.reason = 'missing' then concat(r.pairing, '|', r.ecom_source, ':', r.ecom_id, '|', r.pos_source)
    else concat(r.pairing, '|', r.ecom_source, ':', r.ecom_id, '|', r.pos_source, ':', b.pos_id) end as anchor,
  concat('relink|', r.ecom_source, ':', r.ecom_id, '|', r.pos_source) as make_key,
  case when r.pos_id is null then concat('create|', r.pos_source, '|', r.ecom_source, ':', r.ecom_id) else '' end as after_key,
  [struct_pack(name := concat('link:', r.pos_source), value := b.pos_id)] as before,
  [struct_pack(name := concat('link:', r.pos_source), value := coalesce(r.pos_id, '@created'))] as after,
  case when r.pos_id is null then 'link to the profile just created' else concat('the first that matches, by ', r.rule) end as why,
  '' as pick,
  r.blocked_by
from relinks as r
join pairings as l on l.pairing = r.pairing and l.pos = r.pos_source and not l.vendor_sync
left join (
  select pairing, ecom_n, pos_source, min(pos_id) as pos_id, min(state) as state
  from attested_states
  where state in ('archived', 'deleted', 'merged')
  group by pairing, ecom_n, pos_source
) as b on b.pairing = r.pairing and b.ecom_n = r.ecom_n and b.pos_source = r.pos_source
join capabilities as c on c.source = r.ecom_source and c.what = 'action' and c.name = 'relink'
left join capabilities as m on m.source = r.pos_source and m.what = 'action' and m.name = 'create'
where r.pos_id is not null or (r.lacks = '' and m.name is not null)
