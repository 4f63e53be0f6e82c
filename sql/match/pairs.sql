-- title: blocking: every two profiles that share a key (tier 1), and those on which a person decided (tier 0)
-- rules: G5, G6, M2, M3
-- Parameters: none.

-- grain: one row per pair that a person decided on, left before right; of two decisions `not_same` holds
create table decided as
-- a tab stands between the two where an id holds blanks itself
with cut as (
  select verdict,
    case when contains(id, chr(9)) then split_part(id, chr(9), 1) else split_part(id, ' ', 1) end as one,
    case when contains(id, chr(9)) then split_part(id, chr(9), 2) else split_part(id, ' ', 2) end as other
  from decisions
  where target = 'pair' and verdict in ('same', 'not_same')
),
said as (
  select verdict, split_part(one, ':', 1) as one_source, substr(one, length(split_part(one, ':', 1)) + 2) as one_id,
    split_part(other, ':', 1) as other_source, substr(other, length(split_part(other, ':', 1)) + 2) as other_id
  from cut
),
found as (
  select w.n, d.other_source, d.other_id, d.verdict
  from people as w
  join said as d on d.one_source = w.source and d.one_id = w.id
)
select least(d.n, w.n) as left_n, greatest(d.n, w.n) as right_n, min(d.verdict) as verdict
from people as w
join found as d on d.other_source = w.source and d.other_id = w.id
where d.n <> w.n
group by least(d.n, w.n), greatest(d.n, w.n);

-- grain: one row per pair and kind of shared key, left before right
-- The kinds of `match.keys` count between any two profiles, those of a pairing between its shop and its POS.
create table pair_keys as
with allowed as (
  select a.source as left_source, b.source as right_source, r.key_kind
  from sources as a
  join sources as b on true
  join match_rules as r on r.pairing = ''
  union
  select l.ecom as left_source, l.pos as right_source, r.key_kind
  from pairings as l
  join match_rules as r on r.pairing = l.pairing
  union
  select l.pos as left_source, l.ecom as right_source, r.key_kind
  from pairings as l
  join match_rules as r on r.pairing = l.pairing
)
select distinct a.n as left_n, b.n as right_n, a.key_kind
from keys as a
join keys as b on b.key_kind = a.key_kind and b.key = a.key and b.n > a.n
join allowed as w on w.left_source = a.source and w.right_source = b.source and w.key_kind = a.key_kind
where a.key_kind in (select key_kind from match_rules);

-- grain: one row per pair
create table candidate_pairs as
select left_n, right_n
from pair_keys
group by left_n, right_n;
