-- title: create the profile that is missing at the POS
-- rules: M6, M12, T2, T8, G9, G14
-- grain: one row per shop profile and POS source without any profile
-- action: create
-- policy: create
-- reversible: not
-- lost: the profile stays in its system, archived at best

select
  r.pairing, r.pos_source as source, cast(null as varchar) as profile_id,
  case
    when l.preset = 'blaze_ecom' then 'missing_in_store'
    else r.kind
  end as kind,
  case when l.preset = 'blaze_ecom' then r.pos_source else '' end as field,
  r.anchor,
  concat('create|', r.pos_source, '|', r.ecom_source, ':', r.ecom_id) as make_key, '' as after_key,
  case when r.old_id is null then cast([] as struct(name varchar, value varchar)[])
    else [struct_pack(name := 'replaces', value := r.old_id)] end as before,
  list_concat(list_filter([
    struct_pack(name := 'first_name', value := p.first_name), struct_pack(name := 'last_name', value := p.last_name),
    struct_pack(name := 'birth_date', value := cast(e.birth_key as varchar)), struct_pack(name := 'phone', value := e.phone_key),
    struct_pack(name := 'email', value := e.email_key),
    struct_pack(name := 'street', value := p.street), struct_pack(name := 'street_2', value := p.street_2),
    struct_pack(name := 'city', value := p.city), struct_pack(name := 'region', value := p.region),
    struct_pack(name := 'postal_code', value := p.postal_code), struct_pack(name := 'country', value := p.country),
    struct_pack(name := 'note', value := n.marker), struct_pack(name := 'tags', value := t.marker)
  ], lambda f: f.value is not null and (w.names is null or list_contains(w.names, f.name))),
  -- an opt-out goes with the customer: some systems make whoever is new opted in; an opt-in is nobody's to carry (G9a)
  list_filter([
    case when e.email_consent = 'out' then struct_pack(name := 'email_consent', value := 'out') end,
    case when e.sms_consent = 'out' then struct_pack(name := 'sms_consent', value := 'out') end
  ], lambda f: f is not null and list_contains(h.names, f.name))) as after,
  concat(r.ecom_source, ':', r.ecom_id, ' has no profile in ', r.pos_source) as why, '' as pick,
  case when r.blocked_by = '' then coalesce(i.why, '') else r.blocked_by end as blocked_by, concat(r.ecom_source, ':', r.ecom_id) as origin,
  [
    struct_pack(name := 'status', value := p.status), struct_pack(name := 'first_name', value := p.first_name),
    struct_pack(name := 'last_name', value := p.last_name), struct_pack(name := 'birth_date', value := p.birth_date),
    struct_pack(name := 'phone', value := p.phone), struct_pack(name := 'email', value := p.email),
    struct_pack(name := 'street', value := p.street), struct_pack(name := 'street_2', value := p.street_2),
    struct_pack(name := 'city', value := p.city), struct_pack(name := 'region', value := p.region),
    struct_pack(name := 'postal_code', value := p.postal_code), struct_pack(name := 'country', value := p.country),
    struct_pack(name := 'email_consent', value := p.email_consent), struct_pack(name := 'sms_consent', value := p.sms_consent)
  ] as origin_view
from relinks as r
join pairings as l on l.pairing = r.pairing and l.pos = r.pos_source and (not l.vendor_sync or l.preset = 'blaze_ecom')
join people as e on e.n = r.ecom_n
join profiles as p on p.source = r.ecom_source and p.id = r.ecom_id
join sources as s on s.source = r.pos_source
-- that ECOM leaves a note is known of Treez alone (T8)
left join markers as n on n.pairing = r.pairing and n.what = 'note' and s.kind <> 'greenline'
left join (
  select pairing, string_agg(marker, ';' order by marker) as marker
  from markers
  where what = 'tag'
  group by pairing
) as t on t.pairing = r.pairing
left join (
  select source, list(name) as names
  from capabilities
  where what = 'field'
  group by source
) as w on w.source = r.pos_source
left join (
  select k.source, list(concat(k.name, '_consent')) as names
  from capabilities as k
  join capabilities as o on o.source = k.source and o.what = 'action' and o.name = 'opt_out'
  where k.what = 'consent'
  group by k.source
) as h on h.source = r.pos_source
join capabilities as c on c.source = r.pos_source and c.what = 'action' and c.name = 'create'
left join in_the_way as i on i.pairing = r.pairing and i.ecom_n = r.ecom_n and i.pos_source = r.pos_source
where r.pos_id is null and r.lacks = '' and ((r.reason = 'missing' and not r.doubtful) or (r.reason = 'broken' and not l.vendor_sync))
