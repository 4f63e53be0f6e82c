-- title: the benchmark's cards as raw records, one statement per kind of connector, in the columns of its FIELDS
-- Parameters: $source.

-- shopify
select c.id as legacyResourceId, c.first_name as firstName, c.last_name as lastName, cast(null as varchar) as note,
  case when l.id is not null or chance(c.p, 'orders') < 0.02 then '2' else '0' end as numberOfOrders, c.created_at as createdAt, c.updated_at as updatedAt,
  case when chance(c.p, 'tag') < 0.2 then ['vip'] else cast([] as varchar[]) end as tags,
  struct_pack(emailAddress := nullif(c.email, ''), marketingState := 'SUBSCRIBED', marketingOptInLevel := 'SINGLE_OPT_IN',
    marketingUpdatedAt := c.updated_at) as defaultEmailAddress,
  struct_pack(phoneNumber := nullif(c.phone, ''), smsMarketingConsent := struct_pack(state := 'NOT_SUBSCRIBED', optInLevel := 'UNKNOWN',
    updatedAt := cast(null as varchar), collectedFrom := 'OTHER')) as defaultPhoneNumber,
  case when c.street is not null then struct_pack(id := concat('gid://shopify/MailingAddress/', c.id), address1 := c.street,
    address2 := cast(null as varchar), city := c.city, provinceCode := 'ON', countryCodeV2 := 'CA', zip := c.postal_code) end as defaultAddress,
  c.consent as emailConsent, 'unknown' as smsConsent, c.birth_date as birthDate,
  coalesce(l.links, []) as metafields
from cards as c
left join (
  select id, list(struct_pack(namespace := 'rollcall', key := pos, type := 'single_line_text_field', value := pos_id, compareDigest := uuid_of(pos_id)))
    as links
  from stored
  where source = $source
  group by id
) as l on l.id = c.id
where c.source = $source
order by c.n, c.copy;

-- heartland
select c.id, concat('C', c.id) as public_id, c.first_name, c.last_name, c.email, not c.archived as active, c.phone as phone1, c.birth_date,
  c.consent as email_consent, case when chance(c.p, 'tag') < 0.6 then 'Shopify' end as tags,
  case when c.street is null then [] else [struct_pack(id := cast(c.id as bigint), line_1 := c.street, line_2 := cast(null as varchar), city := c.city,
    state := 'ON', postal_code := c.postal_code, country := 'CA', phone := cast(null as varchar))] end as addresses,
  c.created_at, c.updated_at
from cards as c
where c.source = $source
order by c.n, c.copy;

-- blaze_ecom
select c.id, c.first_name, c.last_name, c.email, c.phone, c.birth_date as date_of_birth, 'customer' as status, not c.archived as is_active,
  c.consent = 'in' as email_opt_in, c.consent = 'in' as sms_opt_in, cast(null as varchar) as notes, c.created_at, c.updated_at,
  coalesce(l.links, []) as links
from cards as c
left join (
  select id, list(struct_pack(key := concat('s-', pos), id := pos_id, state := 'linked')) as links
  from stored
  where source = $source
  group by id
) as l on l.id = c.id
where c.source = $source
order by c.n, c.copy;

-- treez
select c.id as customer_id, case when c.archived then 'DEACTIVATED' else 'ACTIVE' end as status,
  case when chance(c.p, 'verified') < 0.8 then 'VERIFIED' else 'PENDING' end as verification_status, cast(null as varchar) as merged_into_customer_id,
  c.first_name, c.last_name, c.birth_date as birthday, c.email, c.phone,
  case when chance(c.p, 'note') < 0.99 then 'Linked with ECOM. Do not delete!' end as notes, c.consent as email_consent,
  case when c.street is null then [] else [struct_pack(type := 'ADDRESS_OF_RECORD', street1 := c.street, street2 := cast(null as varchar),
    city := c.city, state := 'ON', zipcode := c.postal_code)] end as addresses,
  case when chance(c.p, 'tag') < 0.2 then ['regular'] else cast([] as varchar[]) end as customer_groups,
  case when chance(c.p, 'points') < 0.5 then '0' else '120' end as points, c.created_at as signup_date, c.updated_at as last_update, '2000-01-01 00:00:00.000' as last_visit_date
from cards as c
where c.source = $source
order by c.n, c.copy;

-- table
select c.id, c.first_name, c.last_name, cast(null as varchar) as full_name, coalesce(c.birth_date, '') as birth_date, c.phone,
  case when chance(c.p, 'second') < 0.02 then '(613) 555-0142' else '' end as phone_2, c.email, cast(null as varchar) as email_2,
  coalesce(c.street, '') as street, cast(null as varchar) as street_2, coalesce(c.city, '') as city, 'ON' as region,
  coalesce(c.postal_code, '') as postal_code, 'CA' as country, c.consent as email_consent, cast(null as varchar) as sms_consent,
  cast(null as varchar) as "group", '' as tags, '' as note, case when c.archived then 'archived' else 'active' end as status,
  c.created_at, c.updated_at, case when chance(c.p, 'bought') < 0.6 then 'yes' else 'no' end as has_purchased, cast(null as varchar) as external_id,
  cast(null as varchar) as points, cast(null as varchar) as credit
from cards as c
where c.source = $source
order by c.n, c.copy;
