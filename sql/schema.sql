-- title: the warehouse: every table that one run builds and throws away
-- An id is always text. A profile is named by (source, id); where one text is needed, by `source:id`
-- (a source's name holds no colon). Times are UTC. '' and null are both "empty": shapes give null.

-- what the configuration says, as rows ------------------------------------------------------------------------------

-- grain: one row per source of the configuration
create table sources (
  source varchar, kind varchar, role varchar, store varchar, region varchar, logins varchar, writes boolean,
  default_customer varchar, certified boolean, usable boolean, snapshot varchar, taken_at timestamp, age_hours double
);

-- grain: one row per source and profile that stands for nobody (M14): default customers, walk-ins
create table standins (source varchar, id varchar, is_default boolean);

-- grain: one row per pairing and POS source
create table pairings (
  pairing varchar, preset varchar, ecom varchar, pos varchar, vendor_sync boolean, contact_way varchar,
  no_base varchar, owner varchar, silence varchar, link_after varchar, correctable boolean, why_not_correctable varchar
);

-- grain: one row per pairing and rule, in the order in which they are tried (M2, T4); pairing '' is `match.keys`
create table match_rules (pairing varchar, position integer, key_kind varchar);

-- grain: one row per pairing and field: who may win drift of it; whether it is written is the action's policy (`drift`)
--   wins: newest (the side that changed, G13) | ecom | pos | ask | suggest (never written unattended) | ignore
create table field_policies (pairing varchar, field varchar, wins varchar);

-- grain: one row per pairing and kind of action (drift, relink, create, add_note, add_tag, opt_out, merge …): off | review | auto
create table action_policies (pairing varchar, action varchar, apply varchar);

-- grain: one row per source and thing it can do; `what`: action | field | consent | unique | required | balance | way
create table capabilities (source varchar, what varchar, name varchar);

-- grain: one row per source, name in its stored links, and POS source meant by it
create table link_keys (source varchar, key varchar, pos_source varchar);

-- grain: one row per listed placeholder pattern (like-pattern on the key), per kind of key
create table placeholder_list (key_kind varchar, pattern varchar);

-- grain: one row per nickname pair, both ways, folded
create table nicknames (name varchar, nickname varchar);

-- grain: one row per field and level of tier 2: its share among profiles of one customer, and of others
create table weights (field varchar, level varchar, same double, others double);

-- grain: one row per two customers in play, left before right, of whom a person is asked whether they are one (tier 2);
-- `place` 1 is the most probable pair of their two entities; weight in bits
create table suspects (
  left_n bigint, right_n bigint, left_source varchar, left_id varchar, right_source varchar, right_id varchar,
  one_entity varchar, other_entity varchar, probability decimal(5, 4), weight decimal(7, 2), place bigint
);

-- grain: one row per suspected pair and field that says something: the bits that it adds
create table waterfall (left_n bigint, right_n bigint, place integer, field varchar, level varchar, bits decimal(7, 1));

-- what was pulled ---------------------------------------------------------------------------------------------------

-- grain: one row per profile as exported (DESIGN, Contracts between rooms)
create table profiles (
  source varchar, id varchar,
  status varchar,                       -- active | archived | deleted | merged
  merged_into varchar,
  first_name varchar, last_name varchar, full_name varchar, birth_date varchar,
  phone varchar, phone_2 varchar, email varchar, email_2 varchar,
  street varchar, street_2 varchar, city varchar, region varchar, postal_code varchar, country varchar,
  email_consent varchar, email_consent_at timestamp,   -- in | out | pending | unknown | erased; null: channel not known here
  sms_consent varchar, sms_consent_at timestamp,
  group_name varchar, tags varchar, note varchar,      -- tags: sorted, with ";" between
  links struct(key varchar, id varchar, state varchar)[],
  has_purchased boolean, last_seen_at timestamp, verified boolean,
  created_at timestamp, updated_at timestamp, external_id varchar,
  email_consent_how varchar, sms_consent_how varchar,  -- how the system says that it was given, such as SINGLE_OPT_IN (G9a)
  points varchar, credit varchar        -- balances as decimal text, where the system lists them: shown, never written (G11)
);

-- grain: one row per record that did not fit; it counts as present (I9)
create table quarantine (source varchar, id varchar, reason varchar);

-- grain: one row per source and unknown field (G11): never a value
create table unknown_fields (source varchar, name varchar, type varchar, seen bigint);

-- grain: one row per file source and column that may hold what it does not take: in how many cells it does; never a value
create table unread_values (source varchar, name varchar, seen bigint);

-- grain: one row per spelling and region; `e164` null: not comparable, `why` says so (G3)
create table phones (raw varchar, region varchar, e164 varchar, why varchar);

-- what was kept from earlier nights ---------------------------------------------------------------------------------

-- grain: one row per profile of the last roll
create table roll (source varchar, id varchar, entity_id varchar);

-- grain: one row per link and field: the value on which both sides last agreed, as a keyed hash (G13)
create table bases (
  pairing varchar, ecom_source varchar, ecom_id varchar, pos_source varchar, pos_id varchar, field varchar, hash varchar, agreed_on date
);

-- grain: one row per stored link that was seen broken, since which night, and the night on which its profile came back (M13)
create table lost_links (
  pairing varchar, ecom_source varchar, ecom_id varchar, pos_source varchar, pos_id varchar, state varchar, since date, restored_on date
);

-- grain: one row per source and field: how many profiles had it on the last certified night
create table filled (source varchar, field varchar, seen bigint);

-- grain: one row per profile, night and entity that it left (G7); what: split | merged
create table moves (moved_on varchar, source varchar, id varchar, what varchar, old_entity varchar, new_entity varchar);

-- grain: one row per profile and channel that was seen opted out (or erased) on a certified night, and stands so until a person says
-- otherwise (G9b); `nth`: how many opt-outs of the profile that makes, `said_at`: the time of the choice as its system says it,
-- `raised_on`: the last night on which it read in all the same, `entity_id`: whose it was when last seen, `covers`: every other
-- profile that was one of theirs on some night, and stays covered
create table outs (
  source varchar, id varchar, channel varchar, nth integer, first_seen date, said_at timestamp, raised_on date, entity_id varchar,
  covers struct(source varchar, id varchar)[]
);

-- grain: one row per decision in force; verdict: approve | reject | accept | same | not_same
create table decisions (target varchar, id varchar, verdict varchar, until date, fingerprint varchar);

-- grain: one row per pairing, POS source, system that looks its customers up there and key by which it does, in order (W1);
-- key_kind `stored id`: the id that its shop stores
create table lookups (pairing varchar, pos varchar, system varchar, position integer, key_kind varchar);

-- grain: one row per pairing and thing that marks a linked POS profile; `what`: note | tag
create table markers (pairing varchar, what varchar, marker varchar);

-- grain: one row per pairing and group that has another name at the POS than in the shop (X2)
create table group_names (pairing varchar, ecom_name varchar, pos_name varchar);

-- a plan that is tried out (W2) ---------------------------------------------------------------------------------------

-- grain: one row per correction that is tried out and field that it writes; `made`: it creates the profile; origin: what it rests on
create table writes (
  correction varchar, seq integer, source varchar, id varchar, made boolean, origin_source varchar, origin_id varchar, name varchar, value varchar
);

-- grain: one row per link that a vendor keeps alike by a sync of its own
create table synced (preset varchar, ecom_source varchar, ecom_id varchar, pos_source varchar, pos_id varchar);

-- grain: one row per profile, field and write after which a vendor's sync sets it, as the files under `sql/syncs/` say
create table pushed (
  source varchar, id varchar, name varchar, value varchar, correction varchar, seq integer, rules varchar, by_source varchar, by_id varchar
);

-- privacy requests (G10, M15) ---------------------------------------------------------------------------------------

-- grain: one row per keyed hash by which somebody who was erased is known again; never a value
create table tombstones (hash varchar, kind varchar, request integer, erased_on date);

-- grain: one row per profile of somebody who was erased; `blank`: nothing of theirs is left on it
create table held_out (source varchar, id varchar, request integer, how varchar, blank boolean);

-- grain: one row per profile that was taken out of `profiles`: nothing rests on it but its own erasure
create table erased_profiles as
select *
from profiles
where source is null;

-- grain: one row per profile that is still to be erased; `asked`: its vendor was asked and has said yes
create table erasure_tasks (
  request integer, source varchar, id varchar, law varchar, received date, due date, days_left integer, back boolean, asked boolean,
  way varchar
);

-- by no setting is anybody erased without a word on this very customer (G14)
insert into action_policies values ('', 'erase', 'review');
