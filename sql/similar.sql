-- title: how far apart two texts are: the one file with similarity functions, which another engine states in its own words
-- rules: G6
-- Parameters: none.

-- at most so many letters added, dropped, changed or swapped; the cheaper distance goes first, a swap counts two there
create or replace macro within(one, other, most) as
  case when levenshtein(one, other) <= 2 * most then damerau_levenshtein(one, other) <= most else false end;

-- 0 to 1; an equal beginning counts more
create or replace macro alike(one, other) as jaro_winkler_similarity(one, other);
