-- title: from profiles to what can be compared
-- rules: G3, G4, G5, G6, M4, M14
-- Parameters: $today (date), $shared_by, $crowd (profiles of one source on one value, whoever they are).

-- grain: one row per full name, cut into what stands for the first and the last name
create table full_names as
select
  full_name,
  trim(case when contains(full_name, ',') then regexp_extract(full_name, ',(.*)$', 1)
    else regexp_extract(trim(full_name), '^(\S+)', 1) end) as first_part,
  trim(case when contains(full_name, ',') then regexp_extract(full_name, '^([^,]*),', 1)
    else regexp_extract(trim(full_name), '^\S+\s+(.*)$', 1) end) as last_part
from (select distinct full_name from profiles where full_name is not null) as d;

-- grain: one row per spelling of a name or an address; `folded` is for comparison only, null when it says nothing
create table folded as
with spellings as (
  select first_name as raw from profiles
  union
  select last_name as raw from profiles
  union
  select first_part as raw from full_names
  union
  select last_part as raw from full_names
  union
  select concat_ws(' ', p.street, p.street_2, p.city, replace(replace(p.postal_code, ' ', ''), '-', '')) as raw
  from profiles as p
  join (
    select l.ecom, l.pos
    from pairings as l
    join field_policies as y on y.pairing = l.pairing and y.field = 'address' and y.wins <> 'ignore'
  ) as a on p.source in (a.ecom, a.pos)
),
lowered as (
  select raw, case
    when not regexp_matches(raw, '[^ -~]') then lower(raw)
    else replace(replace(replace(replace(translate(
      case when regexp_matches(raw, '[\x{0180}-\x{1FFF}]') then translate(lower(raw),
        'ơưǎǐǒǔǖǘǚǜǟǡǧǩǫǭǰǵǹǻȁȃȅȇȉȋȍȏȑȓȕȗșțȟȧȩȫȭȯȱȳΐάέήίΰϊϋόύώйѐёѓїќѝўѷӂӑӓӗӛӝӟӣӥӧӫӭӯӱӳӵӹḁḃḅḇḉḋḍḏḑḓḕḗḙḛḝḟḡḣḥḧḩḫḭḯḱḳḵḷḹḻḽḿṁṃṅṇṉṋṍṏṑṓṕṗṙṛṝṟṡṣṥṧṩṫṭṯṱṳṵṷṹṻṽṿẁẃẅẇẉẋẍẏẑẓẕẖẗẘẙạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ',
        'ouaiouuuuuaagkoojgnaaaeeiioorruusthaeooooyιαεηιυιυουωиеегікиуѵжааеәжзииоөэууучыabbbcdddddeeeeefghhhhhiikkkllllmmmnnnnoooopprrrrsssssttttuuuuuvvwwwwwxxyzzzhtwyaaaaaaaaaaaaeeeeeeeeiioooooooooooouuuuuuuyyyy')
        else lower(raw) end,
      'àáâãäåçèéêëìíîïðñòóôõöøùúûüýÿāăąćĉċčďđēĕėęěĝğġģĥħĩīĭįıĵķĺļľłńņňŋōŏőŕŗřśŝşšţťŧũūŭůűųŵŷźżž',
      'aaaaaaceeeeiiiidnoooooouuuuyyaaaccccddeeeeegggghhiiiiijkllllnnnnooorrrsssstttuuuuuuwyzzz'
    ), 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th')
  end as lower_raw
  from spellings
  where raw is not null and upper(trim(raw)) not in ('', '?', 'N/A', '-', '.', 'UNKNOWN', '(UNKNOWN)')
)
select raw, nullif(trim(regexp_replace(
  case when regexp_matches(lower_raw, '[^a-z0-9 ]') then regexp_replace(lower_raw, '[\x{0300}-\x{036F}''’‘`´.]', '', 'g') else lower_raw end,
  '[^\p{L}\p{M}\p{N}]+', ' ', 'g')), '') as folded
from lowered;
