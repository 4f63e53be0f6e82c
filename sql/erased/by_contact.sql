-- title: who was erased on request, by a contact together with a first name or birth date: a spouse may share the phone
-- rules: G10
-- Parameters: $key. Reads `people` and `keys`.

insert into held_out
with touched as (
  select distinct w.n, k.key_kind, k.key, w.first_key, cast(w.birth_key as varchar) as birth_key
  from keys as k
  join people as w on w.n = k.n
  join tombstones as t on t.hash = substr(sha256(concat($key, '|tombstone|', k.key_kind, '|', k.key)), 1, 32) and t.kind = k.key_kind
),
marks as (
  select n, substr(sha256(concat($key, '|tombstone|', key_kind, '+name|', key, '|', first_key)), 1, 32) as hash
  from touched
  where first_key is not null
  union all
  select n, substr(sha256(concat($key, '|tombstone|', key_kind, '+birth|', key, '|', birth_key)), 1, 32) as hash
  from touched
  where birth_key is not null
),
marked as (
  select m.n, max(t.request) as request, max(t.erased_on) as erased_on
  from marks as m
  join tombstones as t on t.hash = m.hash
  group by m.n
)
select w.source, w.id, m.request, 'contact' as how, false as blank
from people as w
join marked as m on m.n = w.n
join profiles as p on p.source = w.source and p.id = w.id
join sources as s on s.source = w.source
left join tombstones as l
  on l.hash = substr(sha256(concat($key, '|tombstone|let_in|', w.source, ':', w.id)), 1, 32) and l.kind = 'let_in'
where l.hash is null
  -- who signed up in a shop after the request, and has bought or chosen there since, is no stale copy
  and not (
    s.role = 'ecom' and coalesce(cast(p.created_at as date) > m.erased_on, false) and (
      -- a copy brings its old visits along, and its consent is as old as itself
      coalesce(p.has_purchased, false) and coalesce(p.last_seen_at >= p.created_at, true)
      or coalesce(greatest(p.email_consent_at, p.sms_consent_at) > p.created_at, false)
    )
  );
