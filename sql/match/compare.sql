-- title: comparison: what two profiles say about each other
-- rules: G6, G8
-- Parameters: $silence (link or candidate).
-- A first name agrees when equal, a nickname, an initial, a part, a small typo, or swapped with the last name. All but an
-- equal one want the last name or the birth date beside them; junior and senior are two people.

-- grain: one row per pair of different folded first names
create table name_pairs as
with met as (
  select distinct least(a.first_key, b.first_key) as one, greatest(a.first_key, b.first_key) as other
  from candidate_pairs as p
  join people as a on a.n = p.left_n
  join people as b on b.n = p.right_n
  where a.first_key <> b.first_key
),
known as (
  select distinct name from nicknames
)
select
  m.one, m.other,
  case
    when k.name is not null then 'nickname'
    when (length(m.one) = 1 or length(m.other) = 1) and substr(m.one, 1, 1) = substr(m.other, 1, 1) then 'initial'
    when starts_with(m.other, concat(m.one, ' ')) or replace(m.one, ' ', '') = replace(m.other, ' ', '') then 'part'
    -- Mario and Maria, John and Joan: two names that both exist are no typo of each other
    when o.name is not null and t.name is not null then 'different'
    -- Jayden and Hayden are siblings: the first letter is where people mistype least
    when substr(m.one, 1, 1) <> substr(m.other, 1, 1) then 'different'
    when least(length(m.one), length(m.other)) >= 4 and within(m.one, m.other, 1) then 'typo'
    when least(length(m.one), length(m.other)) >= 8 and within(m.one, m.other, 2) then 'typo'
    else 'different'
  end as level
from met as m
left join (select distinct name, nickname from nicknames) as k
  on k.name = split_part(m.one, ' ', 1) and k.nickname = split_part(m.other, ' ', 1)
left join known as o on o.name = m.one
left join known as t on t.name = m.other;

-- grain: one row per pair; the levels say why, outcome what follows before the graph is looked at (interfaces, Link evidence)
-- outcome: link | household | candidate (a person is asked) | apart (a person said so)
-- doubt: why it is a candidate: silence (nothing says so) | weak (a typo or an initial, and the last names differ)
create table compared as
with levels as (
  select
    p.left_n, p.right_n,
    case
      when a.first_key is null or b.first_key is null then 'silent'
      when a.first_key = b.first_key and length(a.first_key) = 1 then 'initial'
      when a.first_key = b.first_key then 'equal'
      when a.first_key = b.last_key and a.last_key = b.first_key then 'swapped'
      else coalesce(v.level, 'different')
    end as name_level,
    case
      when a.birth_key is null or b.birth_key is null then 'silent'
      when a.birth_key = b.birth_key then 'equal'
      when year(a.birth_key) = year(b.birth_key) and month(a.birth_key) = day(b.birth_key)
        and day(a.birth_key) = month(b.birth_key) then 'swapped'
      else 'different'
    end as birth_level,
    a.last_key as left_last, b.last_key as right_last,
    replace(replace(regexp_extract(concat_ws(' ', a.first_key, a.last_key), ' (jr|junior|sr|senior|ii|iii|iv)( |$)', 1),
      'junior', 'jr'), 'senior', 'sr') as left_suffix,
    replace(replace(regexp_extract(concat_ws(' ', b.first_key, b.last_key), ' (jr|junior|sr|senior|ii|iii|iv)( |$)', 1),
      'junior', 'jr'), 'senior', 'sr') as right_suffix,
    coalesce(l.silence, $silence) as silence
  from candidate_pairs as p
  join people as a on a.n = p.left_n
  join people as b on b.n = p.right_n
  left join name_pairs as v on v.one = least(a.first_key, b.first_key) and v.other = greatest(a.first_key, b.first_key)
  left join (
    select distinct least(ecom, pos) as one, greatest(ecom, pos) as other, silence
    from pairings
    where silence <> $silence
  ) as l on l.one = least(a.source, b.source) and l.other = greatest(a.source, b.source)
),
judged as (
  select
    left_n, right_n, name_level, birth_level, silence,
    left_suffix <> right_suffix and left_suffix <> '' and right_suffix <> '' as two_generations,
    -- an initial or a typo is no evidence alone: J. Roy and Jane Cole may share a phone, as may John Roy and John Roy Jr.
    case when birth_level <> 'equal' and left_suffix <> right_suffix then true
      when name_level in ('initial', 'nickname', 'part', 'typo') and birth_level <> 'equal' and left_last <> right_last
      then not list_has_any(string_split(left_last, ' '), string_split(right_last, ' ')) and not within(left_last, right_last, 1)
      else false end as weak
  from levels
)
select
  x.left_n, x.right_n, x.name_level, x.birth_level,
  case
    when d.verdict = 'same' then 'link'
    when d.verdict = 'not_same' then 'apart'
    when x.name_level = 'different' or x.birth_level = 'different' or x.two_generations then 'household'
    when x.weak then 'candidate'
    when x.name_level <> 'silent' or x.birth_level = 'equal' then 'link'
    else x.silence
  end as outcome,
  case when x.weak then 'weak' else 'silence' end as doubt
from judged as x
left join decided as d on d.left_n = x.left_n and d.right_n = x.right_n;
