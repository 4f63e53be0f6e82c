-- title: the tombstones of the profiles in `meant`: keyed hashes of what would make any of them known again
-- rules: G10
-- grain: one row per hash
-- Parameters: $key. Reads `people` and `keys`.

with contacts as (
  select distinct k.key_kind, k.key
  from keys as k
  join people as w on w.n = k.n
  join meant as m on m.source = w.source and m.id = w.id
  where k.key_kind in ('phone', 'email')
),
-- every contact with every name and birth date that any of the profiles bears: they are one person
known as (
  select distinct 'name' as what, w.first_key as value
  from people as w
  join meant as m on m.source = w.source and m.id = w.id
  where w.first_key is not null
  union all
  select distinct 'birth' as what, cast(w.birth_key as varchar) as value
  from people as w
  join meant as m on m.source = w.source and m.id = w.id
  where w.birth_key is not null
)
select substr(sha256(concat($key, '|tombstone|id|', source, ':', id)), 1, 32) as hash, 'id' as kind, source
from meant
union all
select substr(sha256(concat($key, '|tombstone|', key_kind, '|', key)), 1, 32) as hash, key_kind as kind, '' as source
from contacts
union all
select substr(sha256(concat($key, '|tombstone|', c.key_kind, '+', k.what, '|', c.key, '|', k.value)), 1, 32) as hash,
  concat(c.key_kind, '+', k.what) as kind, '' as source
from contacts as c
cross join known as k
order by hash;
