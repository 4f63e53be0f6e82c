-- title: blocking: every two profiles that share a key (tier 1)
-- rules: G5, G6, M2
-- grain: pair_keys: one row per pair and kind of shared key, left before right

create table pair_keys as
select distinct a.n as left_n, b.n as right_n, a.key_kind
from keys as a
join keys as b on b.key_kind = a.key_kind and b.key = a.key and b.n > a.n
where a.key_kind in (select key_kind from match_rules);

-- grain: one row per pair
create table candidate_pairs as
select left_n, right_n
from pair_keys
group by left_n, right_n;
