-- title: set the value that won on the side that is behind
-- rules: G13, M7, C1, C4, T6
-- grain: one row per drift that may be written
-- action: update
-- policy: drift
-- reversible: fully

select
  v.pairing, v.target_source as source, v.target_id as profile_id, 'drift' as kind, v.field, v.anchor,
  concat('update|', v.target_source, ':', v.target_id, '|', v.field, '|', v.origin_source) as make_key,
  case when c.anchor is null then '' else coalesce(c.own_key, concat('clear|', c.source, ':', c.id, '|', c.field)) end as after_key,
  case v.field
    when 'first_name' then [struct_pack(name := 'first_name', value := t.first_name)]
    when 'last_name' then [struct_pack(name := 'last_name', value := t.last_name)]
    when 'birth_date' then [struct_pack(name := 'birth_date', value := t.birth_date)]
    when 'phone' then [struct_pack(name := 'phone', value := t.phone)]
    when 'email' then [struct_pack(name := 'email', value := t.email)]
    else [
      struct_pack(name := 'street', value := t.street), struct_pack(name := 'street_2', value := t.street_2),
      struct_pack(name := 'city', value := t.city), struct_pack(name := 'region', value := t.region),
      struct_pack(name := 'postal_code', value := t.postal_code), struct_pack(name := 'country', value := t.country)]
  end as before,
  case v.field
    when 'first_name' then [struct_pack(name := 'first_name', value := o.first_name)]
    when 'last_name' then [struct_pack(name := 'last_name', value := o.last_name)]
    when 'birth_date' then [struct_pack(name := 'birth_date', value := v.new_key)]
    when 'phone' then [struct_pack(name := 'phone', value := v.new_key)]
    when 'email' then [struct_pack(name := 'email', value := v.new_key)]
    -- an address moves as one, so the unit of the old one goes; what the other side does not say stays (G13)
    else list_filter([
      case when o.street is distinct from t.street then struct_pack(name := 'street', value := o.street) end,
      case when o.street_2 is distinct from t.street_2 then struct_pack(name := 'street_2', value := o.street_2) end,
      case when o.city <> coalesce(t.city, '') then struct_pack(name := 'city', value := o.city) end,
      case when o.region <> coalesce(t.region, '') then struct_pack(name := 'region', value := o.region) end,
      case when o.postal_code <> coalesce(t.postal_code, '') then struct_pack(name := 'postal_code', value := o.postal_code) end,
      case when o.country <> coalesce(t.country, '') then struct_pack(name := 'country', value := o.country) end
    ], lambda f: f is not null and (k.names is null or list_contains(k.names, f.name)))
  end as after,
  case when c.anchor is null then v.why else concat(v.why, '; ', c.source, ':', c.id, ' holds it and gives it up first') end as why,
  v.pick, case when c.anchor is null then v.blocked_by else '' end as blocked_by, concat(v.origin_source, ':', v.origin_id) as origin,
  list_concat([struct_pack(name := 'status', value := o.status)], case v.field
    when 'first_name' then [struct_pack(name := 'first_name', value := o.first_name)]
    when 'last_name' then [struct_pack(name := 'last_name', value := o.last_name)]
    when 'birth_date' then [struct_pack(name := 'birth_date', value := o.birth_date)]
    when 'phone' then [struct_pack(name := 'phone', value := o.phone)]
    when 'email' then [struct_pack(name := 'email', value := o.email)]
    else [
      struct_pack(name := 'street', value := o.street), struct_pack(name := 'street_2', value := o.street_2),
      struct_pack(name := 'city', value := o.city), struct_pack(name := 'region', value := o.region),
      struct_pack(name := 'postal_code', value := o.postal_code), struct_pack(name := 'country', value := o.country)]
  end) as origin_view
from verdicts as v
join profiles as t on t.source = v.target_source and t.id = v.target_id
join profiles as o on o.source = v.origin_source and o.id = v.origin_id
left join (
  select source, list(name) as names
  from capabilities
  where what = 'field'
  group by source
) as k on k.source = v.target_source
left join clears as c on c.anchor = v.anchor and c.field = v.field
-- a system that keeps the whole name in one field has no first name to give: a blank never erases (G13)
where not v.task and case v.field when 'first_name' then o.first_name when 'last_name' then o.last_name else v.new_key end is not null
