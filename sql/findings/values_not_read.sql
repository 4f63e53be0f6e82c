-- title: A column of a file holds values that cannot be read
-- rules: G3, G9
-- severity: medium
-- who: operator
-- grain: one row per source and column with such cells
-- todo: Birth dates: name the order of their parts in the configuration, such as `date_order: mdy`.
-- todo: Consent and status: name the file's own words under `words:`, such as `words: {email_consent: {y: in, n: unknown}}`.

select
  '' as pairing, v.name as field,
  concat(v.source, '|', v.name) as anchor,
  cast([] as varchar[]) as members,
  v.source as store_source,
  [struct_pack(name := 'count', value := cast(v.seen as varchar))] as evidence,
  case when v.name = 'birth_date' then 'these customers are taken to have no birth date'
    when v.name = 'status' then 'these customers are taken to be active'
    else 'these customers are taken to have said nothing' end as proposal,
  '' as blocked_by
from unread_values as v
where v.seen > 0
