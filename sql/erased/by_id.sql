-- title: who was erased on request, by vendor id
-- rules: G10
-- Parameters: $key.

insert into held_out
select p.source, p.id, max(t.request) as request, 'id' as how,
  -- a name is not looked at, and an undeliverable email says nothing: what is left of somebody may have to bear them (C4)
  bool_and(
    coalesce(p.phone, p.phone_2, p.email_2, p.birth_date) is null and coalesce(p.email like '%.invalid', true)
    and coalesce(lower(trim(p.street)) in ('erased', 'removed', 'redacted', 'deleted', 'n/a', 'na'), true)
  ) as blank
from profiles as p
join tombstones as t on t.hash = substr(sha256(concat($key, '|tombstone|id|', p.source, ':', p.id)), 1, 32) and t.kind = 'id'
group by p.source, p.id;
