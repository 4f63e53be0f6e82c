-- title: the waterfall of a suspect: what each field adds, in bits, from the odds of any two customers to what is left
-- rules: G8
-- grain: one row per pair of `weighed` and field that says something
-- Parameters: none.

insert into waterfall
select u.left_n, u.right_n, u.place, u.field, u.level, cast(round(u.bits, 1) as decimal(7, 1)) as bits
from (
  select left_n, right_n, 1 as place, 'prior' as field, 'any two customers' as level, prior_bits as bits from weighed
  union all
  select left_n, right_n, 2 as place, 'first_name' as field, first_name as level, first_name_bits as bits from weighed
  union all
  select left_n, right_n, 3 as place, 'last_name' as field, last_name as level, last_name_bits as bits from weighed
  union all
  select left_n, right_n, 4 as place, 'names' as field, 'in each other''s place' as level, crossed_bits as bits from weighed where crossed
  union all
  select left_n, right_n, 5 as place, 'birth_date' as field, birth_date as level, birth_date_bits as bits from weighed
  union all
  select left_n, right_n, 6 as place, 'contact' as field, concat('phone ', phone, ', email ', email) as level, contact_bits as bits
  from weighed
  where phone <> 'silent' or email <> 'silent'
  union all
  select left_n, right_n, 7 as place, 'address' as field,
    concat('street ', street, ', second line ', street_2, ', postal code ', postal_code, ', city ', city) as level, address_bits as bits
  from weighed
  where street <> 'silent' or street_2 <> 'silent' or postal_code <> 'silent' or city <> 'silent'
  union all
  select left_n, right_n, 8 as place, 'external_id' as field, number as level, number_bits as bits from weighed
) as u
where u.level <> 'silent';
