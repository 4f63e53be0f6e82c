-- title: whose customer would it be: every system's own way of looking customers up, replayed over tonight's profiles
-- rules: W1, T4, M2, M5, G5
-- Parameters: none.
-- No names are compared: the systems compare none. Who holds a key there is asked of profiles in play; placeholders are no keys.

-- grain: one row per pairing, shop profile, POS source and system: the profile that it would pick, where there are several to pick from
create table picks as
with asked as (
  select l.pairing, g.ecom, l.pos
  from lookups as l
  join pairings as g on g.pairing = l.pairing and g.pos = l.pos
  group by l.pairing, g.ecom, l.pos
  having count(distinct l.system) > 1
),
held as (
  select k.n as ecom_n, a.pairing, a.pos, k.key_kind, k.key
  from keys as k
  join asked as a on a.ecom = k.source
  where k.in_play
),
found as (
  select h.pairing, h.ecom_n, h.pos, h.key_kind, k.n as pos_n
  from keys as k
  join held as h on h.pos = k.source and h.key_kind = k.key_kind and h.key = k.key
  where k.in_play
  union
  select s.pairing, s.ecom_n, s.pos_source as pos, 'stored id' as key_kind, s.pos_n
  from attested_states as s
  join asked as a on a.pairing = s.pairing and a.pos = s.pos_source
  where s.state = 'active'
),
several as (
  select pairing, ecom_n, pos
  from found
  group by pairing, ecom_n, pos
  having min(pos_n) < max(pos_n)
),
ranked as (
  select f.pairing, f.ecom_n, f.pos, l.system, f.key_kind, f.pos_n, w.id as pos_id, row_number() over (
      partition by f.pairing, f.ecom_n, f.pos, l.system
      order by l.position, w.created_at nulls last,
        case when regexp_matches(w.id, '^[0-9]{1,38}$') then cast(w.id as decimal(38, 0)) end nulls last, w.id
    ) as place
  from people as w
  join found as f on f.pos_n = w.n
  join several as s on s.pairing = f.pairing and s.ecom_n = f.ecom_n and s.pos = f.pos
  join lookups as l on l.pairing = f.pairing and l.pos = f.pos and l.key_kind = f.key_kind
)
select pairing, ecom_n, pos, system, key_kind, pos_n, pos_id
from ranked
where place = 1;
