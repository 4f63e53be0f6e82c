-- title: how probable it is that two customers are one: the weights of Fellegi and Sunter, added field by field
-- rules: G6, G7, G8
-- Parameters: $least (probability from which a pair is told). A weight is in bits: one more doubles the odds.

-- grain: one row per two entities that stay apart, with why: a person's word, or what one pair of their profiles says
create table kept_apart as
select least(a.grp, b.grp) as left_grp, greatest(a.grp, b.grp) as right_grp, max(d.why) as why
from (
  select left_n, right_n, against as why
  from suspect_levels
  where against in ('household', 'generations')
  union all
  select left_n, right_n, 'not_same' as why
  from decided
  where verdict = 'not_same'
) as d
join marks as a on a.n = d.left_n
join marks as b on b.n = d.right_n and b.grp <> a.grp
group by least(a.grp, b.grp), greatest(a.grp, b.grp);

-- grain: one row per two customers who are probably one, with the bits of every field and what stands against it
-- An address counts once, however many parts it has, and so do contacts: families share them.
create table weighed as
with fields as (
  select v.*, a.grp as left_grp,
    coalesce(case v.first_name when 'equal' then a.first_rarity + f.sure else f.bits end, 0) as first_name_bits,
    coalesce(case v.last_name when 'equal' then a.last_rarity + l.sure else l.bits end, 0) as last_name_bits,
    case when v.crossed then x.bits else 0 end as crossed_bits,
    coalesce(case v.birth_date when 'equal' then a.born_rarity + b.sure else b.bits end, 0) as birth_date_bits,
    coalesce(t.bits, 0) as phone_bits,
    coalesce(case v.email when 'mailbox' then a.mailbox_rarity + m.sure else m.bits end, 0) as email_bits,
    coalesce(case v.street when 'equal' then a.street_rarity + s.sure else s.bits end, 0) as street_bits,
    coalesce(case v.street_2 when 'equal' then a.street_2_rarity + s2.sure else s2.bits end, 0) as street_2_bits,
    coalesce(case v.postal_code when 'equal' then a.postal_rarity + z.sure else z.bits end, 0) as postal_code_bits,
    coalesce(case v.city when 'equal' then a.city_rarity + y.sure else y.bits end, 0) as city_bits,
    coalesce(n.bits, 0) as number_bits
  from suspect_levels as v
  join marks as a on a.n = v.left_n
  left join bits as f on f.field = 'first_name' and f.level = v.first_name
  left join bits as l on l.field = 'last_name' and l.level = v.last_name
  left join bits as x on x.field = 'crossed'
  left join bits as b on b.field = 'birth_date' and b.level = v.birth_date
  left join bits as t on t.field = 'phone' and t.level = v.phone
  left join bits as m on m.field = 'email' and m.level = v.email
  left join bits as s on s.field = 'street' and s.level = v.street
  left join bits as s2 on s2.field = 'street_2' and s2.level = v.street_2
  left join bits as z on z.field = 'postal_code' and z.level = v.postal_code
  left join bits as y on y.field = 'city' and y.level = v.city
  left join bits as n on n.field = 'number' and n.level = v.number
),
summed as (
  select f.*, p.bits as prior_bits,
    greatest(-4, least(
      -- of one household many live at the address; one first name there is rather one person
      case when f.first_name in ('equal', 'nickname', 'typo') then 18 else 14 end,
      f.street_bits + f.street_2_bits + f.postal_code_bits + f.city_bits)) as address_bits,
    greatest(-2, least(12, f.phone_bits + f.email_bits)) as contact_bits
  from fields as f
  join prior as p on true
),
totalled as (
  select s.*, s.prior_bits + s.first_name_bits + s.last_name_bits + s.crossed_bits + s.birth_date_bits + s.contact_bits
    + s.address_bits + s.number_bits as weight
  from summed as s
)
select t.*, b.grp as right_grp, 1 / (1 + pow(2, -t.weight)) as probability, coalesce(k.why, t.against) as apart
from totalled as t
join marks as b on b.n = t.right_n
left join kept_apart as k on k.left_grp = least(t.left_grp, b.grp) and k.right_grp = greatest(t.left_grp, b.grp)
where 1 / (1 + pow(2, -t.weight)) >= $least;

insert into suspects
select w.left_n, w.right_n, a.source as left_source, a.id as left_id, b.source as right_source, b.id as right_id,
  least(l.entity_id, r.entity_id) as one_entity, greatest(l.entity_id, r.entity_id) as other_entity,
  cast(least(round(w.probability, 4), 0.9999) as decimal(5, 4)) as probability, cast(round(w.weight, 2) as decimal(7, 2)) as weight,
  row_number() over (
    partition by least(l.entity_id, r.entity_id), greatest(l.entity_id, r.entity_id)
    order by round(w.weight, 2) desc, w.left_n, w.right_n
  ) as place
from weighed as w
join traits as a on a.n = w.left_n
join traits as b on b.n = w.right_n
join entities as l on l.n = w.left_n
join entities as r on r.n = w.right_n
where w.apart = ''
  -- a name alone is a namesake
  and (w.birth_date in ('equal', 'typo', 'swapped') or w.contact_bits > 0 or w.address_bits > 0 or w.number_bits > 0);
