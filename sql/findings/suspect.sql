-- title: Probably one customer, although no key says so
-- rules: M3, G6, G8
-- severity: low
-- who: store
-- grain: one row per two entities that are probably one person; the export `suspects` has the less probable ones too
-- todo: Open both profiles, or ask the customer at the next visit. Nothing is linked or changed before a person says so.
-- todo: Say what they are: rollcall decide same pair SOURCE:ID SOURCE:ID --why …, or not_same. It is not asked again.

select
  '' as pairing, '' as field,
  concat(s.one_entity, '|', s.other_entity) as anchor,
  list_sort([concat(s.left_source, ':', s.left_id), concat(s.right_source, ':', s.right_id)]) as members,
  least(s.left_source, s.right_source) as store_source,
  list_concat(
    [struct_pack(name := 'probability', value := cast(s.probability as varchar)), struct_pack(name := 'weight', value := cast(s.weight as varchar))],
    w.facts
  ) as evidence,
  concat('a person decides: rollcall decide same pair ',
    case when contains(s.left_id, ' ') then concat('"', s.left_source, ':', s.left_id, '"') else concat(s.left_source, ':', s.left_id) end, ' ',
    case when contains(s.right_id, ' ') then concat('"', s.right_source, ':', s.right_id, '"') else concat(s.right_source, ':', s.right_id) end,
    ', or not_same') as proposal,
  '' as blocked_by
from suspects as s
join (
  select left_n, right_n, list_transform(
    list_sort(list(struct_pack(place := place, name := concat(field, '.weight'), value := concat(case when bits > 0 then '+' else '' end, bits, ' ', level)))),
    lambda fact: struct_pack(name := fact.name, value := fact.value)) as facts
  from waterfall
  group by left_n, right_n
) as w on w.left_n = s.left_n and w.right_n = s.right_n
-- who is asked about already (link_ambiguous, signed_up_again) is not asked about twice
left join (
  select least(ecom_n, pos_n) as left_n, greatest(ecom_n, pos_n) as right_n
  from candidates
  where outcome = 'candidate'
  group by least(ecom_n, pos_n), greatest(ecom_n, pos_n)
) as c on c.left_n = s.left_n and c.right_n = s.right_n
left join (select distinct one_entity, other_entity from second_accounts) as t
  on t.one_entity = s.one_entity and t.other_entity = s.other_entity
where s.place = 1 and c.left_n is null and t.one_entity is null and s.probability >= 0.9
