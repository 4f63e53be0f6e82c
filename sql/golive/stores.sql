-- title: per POS source: who is ready for a first password, who is not and why, who blocks go-live
-- rules: T9, P1, P3
-- grain: one row per POS source

with holders as (
  select source, key, count(distinct n) as profiles
  from all_keys
  where key_kind = 'phone' and in_play
  group by source, key
),
judged as (
  select
    w.source, w.id,
    case
      when p.phone is null and p.phone_2 is null then 'no phone'
      when max(k.key) is null then 'the phone cannot be dialled'
      when max(h.profiles) > 1 then 'the phone is on several profiles'
      else ''
    end as reason
  from people as w
  join profiles as p on p.source = w.source and p.id = w.id
  left join all_keys as k on k.n = w.n and k.key_kind = 'phone'
  left join holders as h on h.source = w.source and h.key = k.key
  where w.in_play
  group by w.source, w.id, p.phone, p.phone_2
)
select
  s.source,
  count(j.id) as customers,
  count(j.id) filter (where j.reason = '') as ready,
  count(j.id) filter (where j.reason = 'no phone') as no_phone,
  count(j.id) filter (where j.reason = 'the phone cannot be dialled') as not_dialled,
  count(j.id) filter (where j.reason = 'the phone is on several profiles') as shared
from sources as s
left join judged as j on j.source = s.source
where s.role = 'pos' and s.usable
group by s.source
order by s.source
