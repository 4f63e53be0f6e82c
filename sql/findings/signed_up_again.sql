-- title: Probably signed up a second time, with a new email and a new phone
-- rules: T7, G6
-- severity: medium
-- who: shop
-- grain: one row per later account of a name and birth date that an earlier account of the shop has
-- todo: Ask the customer at the next visit which account is theirs: in the shop they cannot change an email or a phone.
-- todo: Set email and phone of the account that stays in Mission Control (C1), which reaches every store; close the other there.
-- todo: Two people of one name and birthday: rollcall decide not_same pair SOURCE:ID SOURCE:ID --why …. It is not asked again.

select
  '' as pairing, '' as field,
  concat(s.source, ':', s.id) as anchor,
  [concat(s.source, ':', s.earlier_id), concat(s.source, ':', s.id)] as members,
  s.source as store_source,
  [
    struct_pack(name := concat('created_at@', s.source, ':', s.earlier_id), value := cast(s.earlier_at as varchar)),
    struct_pack(name := concat('created_at@', s.source, ':', s.id), value := cast(s.created_at as varchar)),
    struct_pack(name := 'reason', value := 'the same name and birth date, a later account, and no contact in common')
  ] as evidence,
  concat('a person says whether ', s.source, ':', s.id, ' is the customer of ', s.source, ':', s.earlier_id, '; nothing is merged') as proposal,
  '' as blocked_by
from second_accounts as s
where s.place = 1
