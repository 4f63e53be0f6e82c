-- title: take who was erased on request out of tonight's profiles: nothing is matched, planned or remembered of them
-- rules: G10

insert into erased_profiles
select p.*
from profiles as p
join held_out as h on h.source = p.source and h.id = p.id;

delete from profiles
where exists (select 1 from held_out as h where h.source = profiles.source and h.id = profiles.id);
