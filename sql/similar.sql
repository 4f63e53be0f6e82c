-- title: how far apart two texts are: the one file with similarity functions, which another engine states in its own words
-- rules: G6
-- Parameters: none.

-- at most so many letters added, dropped, changed or swapped; the cheaper distance goes first, a swap counts two there
create or replace macro within(one, other, most) as
  case when abs(length(one) - length(other)) > most then false
    when levenshtein(one, other) <= most then true
    when levenshtein(one, other) > 2 * most then false
    else damerau_levenshtein(one, other) <= most end;

-- 0 to 1; an equal beginning counts more
create or replace macro alike(one, other) as jaro_winkler_similarity(one, other);

-- a number that stands for a text or number, the same for the same one; null for none
create or replace macro code(one) as case when one is not null then cast(hash(one) % 9223372036854775807 as bigint) end;
create or replace macro codes(what, one, other) as cast(hash(what, one, other) % 9223372036854775807 as bigint);
