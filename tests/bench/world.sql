-- title: an invented group's customers for the benchmark, as its eight systems would land them
-- Macros chance(n, what) in [0, 1) and pick(n, what, size) are made beforehand from the seed; $people, $profiles, $night.
-- Phones: exchange 555, which is no exchange of customers anywhere, no two lines alike up to four million; foreign ones from the blocks kept free for drama.

-- grain: one row per source; a person is at the first place of a circle by chance, and at the others by what the first says
create table places (source varchar, circle integer, role varchar, first boolean, with_first double, without_first double);
insert into places values
  ('shop', 0, 'ecom', true, 1, 0), ('north', 0, 'pos', false, 0.8, 0.95),
  ('menu', 1, 'ecom', true, 1, 0), ('downtown', 1, 'pos', false, 0.985, 0.7), ('uptown', 1, 'pos', false, 0.985, 0.6),
  ('web', 2, 'ecom', true, 1, 0), ('counter', 2, 'pos', false, 0.8, 0.8), ('south', 2, 'pos', false, 0.6, 0.7);

-- grain: one row per person; one in ten shares phone, last name and address with two others, every third of them the email
create table persons as
with numbered as (
  select n, case when chance(n - n % 3, 'family') < 0.1 then n - n % 3 else n end as home,
    case when chance(n, 'circle') < 0.4 then 0 when chance(n, 'circle') < 0.8 then 1 else 2 end as circle
  from range($people) as r(n)
),
named as (
  select n, home, circle, n <> home as shares,
    cast($firsts as varchar[])[1 + cast(floor(chance(n, 'first') * chance(n, 'first') * len(cast($firsts as varchar[]))) as integer)] as first_name,
    concat(
      ['Al', 'Bar', 'Cor', 'Dal', 'El', 'Far', 'Gar', 'Hol', 'Ing', 'Jor', 'Kel', 'Lam', 'Mor', 'Nor', 'Os', 'Pem', 'Quin', 'Ros',
        'Sal', 'Tor', 'Ul', 'Ver', 'Wal', 'Yar', 'Zel', 'Mc', 'O''', 'De ', 'Saint-', 'Müh', 'Ñu', 'Čer'][1 + pick(home, 'last', 32)],
      ['ba', 'cke', 'dri', 'fo', 'gu', 'ha', 'li', 'ma', 'ne', 'po', 'ri', 'sto', 'tu', 'va', 'we', 'za'][1 + pick(home, 'mid', 16)],
      ['by', 'dale', 'den', 'field', 'ford', 'kin', 'land', 'ley', 'man', 'mond', 'ner', 'son', 'stein', 'ton', 'well', 'wood']
        [1 + pick(home, 'end', 16)]
    ) as last_name
  from numbered
)
select n, home, circle, shares, first_name, last_name,
  concat(cast(1935 + pick(n, 'year', 70) as varchar), '-', lpad(cast(1 + pick(n, 'month', 12) as varchar), 2, '0'), '-',
    lpad(cast(1 + pick(n, 'day', 28) as varchar), 2, '0')) as birth_date,
  concat(lower(regexp_replace(first_name, '[^A-Za-z]', '', 'g')), '.', cast(case when shares and n % 3 = 1 then home else n end as varchar),
    '@', ['', 'mail.', 'post.', 'web.'][1 + pick(n, 'host', 4)], 'example.com') as email,
  concat(cast(1 + pick(home, 'house', 4000) as varchar), ' ', ['Alder', 'Birch', 'Cedar', 'Dock', 'Elm', 'Fir', 'Gorge', 'Harbor', 'Iron',
    'Juniper', 'King', 'Laurel', 'Mill', 'Nettle', 'Orchard', 'Pine'][1 + pick(home, 'street', 16)], ' ',
    ['Street', 'Avenue', 'Road', 'Lane', 'St', 'Rd'][1 + pick(home, 'kind', 6)]) as street,
  ['Ottawa', 'Kingston', 'Halifax', 'Regina', 'Calgary', 'Victoria', 'Moncton', 'Sudbury'][1 + pick(home, 'city', 8)] as city,
  concat('K', cast(pick(home, 'p1', 10) as varchar), 'A ', cast(pick(home, 'p2', 10) as varchar), 'B', cast(pick(home, 'p3', 10) as varchar))
    as postal_code
from named;

-- grain: one row per profile: a person at a place, one in a hundred twice; `p` names it for chance
create table cards as
with here as (
  select w.n, l.source, l.role, l.circle, 0 as copy
  from persons as w
  join places as l on l.circle = w.circle or chance(w.n, concat('also', cast(l.circle as varchar))) < 0.04
  where case when l.first then chance(w.n, concat('online', cast(l.circle as varchar))) < 0.6
    when chance(w.n, concat('online', cast(l.circle as varchar))) < 0.6 then chance(w.n, l.source) < l.with_first
    else chance(w.n, l.source) < l.without_first end
),
twice as (
  select n, source, role, circle, copy from here
  union all
  select n, source, role, circle, 1 as copy from here where chance(n, concat(source, 'twice')) < 0.01
),
kept as (
  select * from twice order by n, source, copy limit $profiles
),
-- the number of the household; after a move, or in the second night's one percent of changes, one of the person's own;
-- `known`: what the person told this circle, so that both sides of a link are blank alike
moved as (
  select k.*, concat(k.source, '/', k.n, '/', k.copy) as p, concat(k.circle, '/', k.n) as known,
    case when chance(k.n, concat(k.source, 'moved')) < 0.003 then $people + k.n
      when $night > 1 and chance(k.n, concat(k.source, 'night')) < 0.01 then 2 * $people + k.n
      else w.home end as line
  from kept as k
  join persons as w on w.n = k.n
)
select m.n, m.source, m.role, m.circle, m.copy, m.p, w.home,
  case
    when chance(m.p, 'upper') < 0.12 then upper(w.first_name)
    when chance(m.p, 'typo') < 0.002 then concat(left(w.first_name, 1), substr(w.first_name, 3), 'h')
    when chance(m.p, 'initial') < 0.002 then left(w.first_name, 1)
    else w.first_name end as first_name,
  case when chance(m.p, 'upper') < 0.12 then upper(w.last_name) when chance(m.p, 'wed') < 0.002 then concat(w.last_name, '-Marsh')
    else w.last_name end as last_name,
  case when chance(m.known, 'born') < 0.7 and chance(m.p, 'born') < 0.998
    then case when chance(m.p, 'slip') < 0.002 then concat(left(w.birth_date, 8), '01') else w.birth_date end end as birth_date,
  case when chance(m.known, 'phone') < 0.06 or chance(m.p, 'phone') < 0.002 then ''
    when m.role = 'pos' and chance(m.p, 'none given') < 0.003 then '(555) 555-5555'
    when m.role = 'pos' and chance(m.p, 'own number') < 0.002 then concat('613-555-010', cast(m.circle as varchar))
    when chance(m.line, 'foreign') < 0.01 then concat('+44 ', ['113', '114', '115', '116', '117', '118', '121', '131', '141', '151', '161']
      [1 + pick(m.line, 'town', 11)], ' 496 0', lpad(cast(pick(m.line, 'end', 1000) as varchar), 3, '0'))
    else phone_spelling(m.line, case when m.source = 'shop' then 0.99 else chance(m.p, 'spelling') end) end as phone,
  case when (chance(m.known, 'email') < 0.12 and m.circle <> 0) or chance(m.p, 'email') < 0.002 then ''
    when m.role = 'pos' and chance(m.p, 'no mail') < 0.003 then 'noemail@example.com'
    when chance(m.p, 'new mail') < 0.002 then concat('new.', w.email)
    when chance(m.p, 'shout') < 0.05 then upper(w.email) else w.email end as email,
  case when chance(m.known, 'address') < 0.8 and chance(m.p, 'address') < 0.998 then w.street end as street,
  case when chance(m.known, 'address') < 0.8 and chance(m.p, 'address') < 0.998 then w.city end as city,
  case when chance(m.known, 'address') < 0.8 and chance(m.p, 'address') < 0.998
    then case when chance(m.p, 'squeezed') < 0.3 then replace(w.postal_code, ' ', '') else w.postal_code end end as postal_code,
  case when chance(m.p, 'opted out') < 0.002 or chance(m.known, 'consent') < 0.05 then 'out' when chance(m.known, 'consent') < 0.45 then 'in'
    else 'unknown' end as consent,
  chance(m.p, 'archived') < 0.01 as archived,
  strftime(timestamp '2019-01-01' + to_hours(cast(pick(m.p, 'made', 60000) as integer)), '%Y-%m-%dT%H:%M:%SZ') as created_at,
  strftime(timestamp '2026-01-01' + to_hours(cast(pick(m.p, 'touched', 7800) as integer)), '%Y-%m-%dT%H:%M:%SZ') as updated_at,
  case m.source when 'shop' then cast(7000000000000 + m.n * 10 + m.copy as varchar)
    when 'north' then cast(100000 + m.n * 2 + m.copy as varchar) when 'south' then cast(100000 + m.n * 2 + m.copy as varchar)
    else cast(uuid_of(m.p) as varchar) end as id
from moved as m
join persons as w on w.n = m.n;

-- grain: one row per shop profile and till: the profile that the shop names there, one in a hundred of them gone
create table stored as
select e.source, e.id, w.source as pos, case when chance(e.p, 'gone') < 0.003 then concat(w.id, '9') else w.id end as pos_id
from cards as e
join cards as w on w.n = e.n and w.circle = e.circle and w.role = 'pos' and w.copy = 0
where e.role = 'ecom' and e.circle < 2 and chance(e.p, concat('link', w.source)) < 0.98;
