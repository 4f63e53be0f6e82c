-- title: cells of a file that hold something which its column does not take, counted
-- rules: G3, G9
-- reads: raw
-- What stands for nothing, such as N/A, is no such cell.
select
  count(case when trim(birth_date) not in ('', '?', 'N/A', 'n/a', '-', '0000-00-00')
    and not (regexp_matches(trim(birth_date), '^[12][0-9]{3}-[0-9]{2}-[0-9]{2}([T ]|$)') and try_cast(substr(trim(birth_date), 1, 10) as date) is not null)
    then 1 end) as birth_date,
  count(case when lower(trim(email_consent)) not in ('', 'in', 'out', 'pending', 'unknown', 'erased') then 1 end) as email_consent,
  count(case when lower(trim(sms_consent)) not in ('', 'in', 'out', 'pending', 'unknown', 'erased') then 1 end) as sms_consent,
  count(case when lower(trim(status)) not in ('', 'active', 'archived', 'deleted', 'merged') then 1 end) as status
from raw;
