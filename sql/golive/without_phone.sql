-- title: POS profiles without a phone: sign-up would make a second profile
-- rules: T9
-- grain: one row per profile

select w.source, w.id, p.first_name, p.last_name, p.full_name, p.status, p.verified, strftime(p.last_seen_at, '%Y-%m-%d') as last_visit, p.points, p.credit
from people as w
join profiles as p on p.source = w.source and p.id = w.id
join sources as s on s.source = w.source and s.role = 'pos'
where w.in_play and p.phone is null and p.phone_2 is null
order by w.source, case when regexp_matches(w.id, '^[0-9]{1,38}$') then cast(w.id as decimal(38, 0)) end nulls last,
  regexp_replace(regexp_replace(w.id, '([0-9]+)', '0000000000000000000\1', 'g'), '0*([0-9]{20,})', '\1', 'g'), w.id
