-- The same forecast as the kit's, for benchmarks/scale_world.py alone, by hand: outcomes, changes, links, collisions,
-- summary. {snapshot} and {out} are folders. Written for speed: narrow tables to match on, group by and min instead of
-- windows over wide rows, one wide pass over the fields. What the world cannot hold (deals, leads, options, numbers,
-- other settings) is left out, which the kit may not do.

-- 1. Narrow sides: id, rank, key, passes.
create temp table hubspot_contact as
select id, api_rank as rank, email_key as key,
    coalesce(lower(trim(lifecyclestage)) in ('customer', 'opportunity'), false) as passes
from '{snapshot}/hubspot/contacts.parquet';
create temp table dynamics_contact as
select id, api_rank as rank, email_key as key, coalesce(trim(statecode) = '0', false) as passes
from '{snapshot}/dynamics/contacts.parquet';

-- 2. Owners: the first that passes, else the first.
create temp table hubspot_owner as
select key, arg_min(id, turn) as id, min(turn) % 1099511627776 as rank, min(turn) < 1099511627776 as passes
from (select key, id, rank + if(passes, 0, 1099511627776) as turn from hubspot_contact where key is not null)
group by key;
create temp table dynamics_owner as
select key, arg_min(id, turn) as id, min(turn) % 1099511627776 as rank, min(turn) < 1099511627776 as passes
from (select key, id, rank + if(passes, 0, 1099511627776) as turn from dynamics_contact where key is not null)
group by key;

-- 3. Pairs by key, then by additional address.
create temp table pair_by_key as
select h.id as hubspot_id, d.id as dynamics_id, 'contact.match-email' as rule_id
from dynamics_owner d join hubspot_owner h using (key) where h.passes or d.passes;
create temp table taken as
with address as (
    select c.id, unnest(c.secondary_email_keys) as key from '{snapshot}/hubspot/contacts.parquet' c
    where len(c.secondary_email_keys) > 0
), held as (
    select distinct a.key, s.id, s.rank, s.passes
    from address a join hubspot_contact s using (id) left join hubspot_owner o on o.id = s.id
    where a.key is not null and (s.key is null or o.id is not null) and a.key is distinct from s.key
), waiting as (
    select d.* from dynamics_owner d anti join pair_by_key p on p.dynamics_id = d.id
)
select w.id as dynamics_id, min(w.rank) as dynamics_rank, arg_min(a.id, a.rank) as hubspot_id
from waiting w join held a using (key) where w.passes or a.passes group by w.id;
create temp table holder as
select hubspot_id, dynamics_id as winner_id from pair_by_key where hubspot_id in (select hubspot_id from taken)
union all
select hubspot_id, arg_min(dynamics_id, dynamics_rank) from taken
where hubspot_id not in (select hubspot_id from pair_by_key) group by hubspot_id;
create temp table contact_pair as
select * from pair_by_key
union all
select t.hubspot_id, t.dynamics_id, 'contact.match-secondary' from taken t join holder w using (hubspot_id)
where t.dynamics_id = w.winner_id;
create temp table lost as
select t.dynamics_id, w.winner_id from taken t join holder w using (hubspot_id) where t.dynamics_id <> w.winner_id;
create temp table company_pair as
with hubspot as (
    select name_key as key, arg_min(id, api_rank) as id from '{snapshot}/hubspot/companies.parquet'
    where name_key is not null group by key
), dynamics as (
    select name_key as key, arg_min(id, api_rank) as id from '{snapshot}/dynamics/accounts.parquet'
    where name_key is not null group by key
)
select h.id as hubspot_id, d.id as dynamics_id from hubspot h join dynamics d using (key);

-- 4. Fields: every pair once, wide; Dynamics wins.
create temp table wide as
select p.hubspot_id, p.dynamics_id, h.email_key as h_key, d.email_key as d_key, d.email_valid,
    nullif(trim(h.email), '') as h_email, nullif(trim(d.emailaddress1), '') as d_email,
    nullif(trim(h.firstname), '') as h_first, nullif(trim(d.firstname), '') as d_first,
    nullif(trim(h.lastname), '') as h_last, nullif(trim(d.lastname), '') as d_last,
    nullif(trim(h.jobtitle), '') as h_job, nullif(trim(d.jobtitle), '') as d_job,
    nullif(trim(h.phone), '') as h_phone, nullif(trim(d.telephone1), '') as d_phone,
    nullif(regexp_replace(h.phone, '[^0-9]', '', 'g'), '') as h_digits,
    nullif(regexp_replace(d.telephone1, '[^0-9]', '', 'g'), '') as d_digits,
    nullif(trim(h.city), '') as h_city, nullif(trim(d.address1_city), '') as d_city,
    coalesce(trim(d.statecode) <> '0', false) as is_inactive,
    if(h.lastmodifieddate[:19] > d.modifiedon[:19], 'stale_winner', null) as stale
from contact_pair p
join '{snapshot}/hubspot/contacts.parquet' h on h.id = p.hubspot_id
join '{snapshot}/dynamics/contacts.parquet' d on d.id = p.dynamics_id;
create temp table written as
select hubspot_id, dynamics_id, fill_hubspot or over_hubspot as to_hubspot, fill_dynamics as to_dynamics,
    case when over_or_fill_email and not email_valid then 'contact.invalid-email' end as dynamics_refusal,
    case when fill_dynamics and is_inactive then 'record.inactive-readonly'
        when fill_dynamics and too_long then 'field.too-long' end as hubspot_refusal
from (
    select *,
        (h_email is null and d_email is not null) or coalesce(h_key <> d_key, false) as over_or_fill_email,
        (h_email is null and d_email is not null) or (h_first is null and d_first is not null)
            or (h_last is null and d_last is not null) or (h_job is null and d_job is not null)
            or (h_phone is null and d_phone is not null) or (h_city is null and d_city is not null) as fill_hubspot,
        coalesce(h_key <> d_key, false) or coalesce(h_first <> d_first, false) or coalesce(h_last <> d_last, false)
            or coalesce(h_job <> d_job, false) or coalesce(h_digits <> d_digits, false)
            or coalesce(h_city <> d_city, false) as over_hubspot,
        (d_email is null and h_email is not null) or (d_first is null and h_first is not null)
            or (d_last is null and h_last is not null) or (d_job is null and h_job is not null)
            or (d_phone is null and h_phone is not null) or (d_city is null and h_city is not null) as fill_dynamics,
        coalesce(d_email is null and len(h_email) > 100, false) or coalesce(d_first is null and len(h_first) > 50, false)
            or coalesce(d_last is null and len(h_last) > 50, false) or coalesce(d_job is null and len(h_job) > 100, false)
            or coalesce(d_phone is null and len(h_phone) > 50, false)
            or coalesce(d_city is null and len(h_city) > 80, false) as too_long
    from wide
);
create temp table change as
with write as (
    select hubspot_id, dynamics_id, 'hubspot' as target_system, unnest([
        {{'target': 'email', 'source': 'emailaddress1', 'old': h_email, 'new': d_email, 'differs': h_key <> d_key}},
        {{'target': 'firstname', 'source': 'firstname', 'old': h_first, 'new': d_first, 'differs': h_first <> d_first}},
        {{'target': 'lastname', 'source': 'lastname', 'old': h_last, 'new': d_last, 'differs': h_last <> d_last}},
        {{'target': 'jobtitle', 'source': 'jobtitle', 'old': h_job, 'new': d_job, 'differs': h_job <> d_job}},
        {{'target': 'phone', 'source': 'telephone1', 'old': h_phone, 'new': d_phone, 'differs': h_digits <> d_digits}},
        {{'target': 'city', 'source': 'address1_city', 'old': h_city, 'new': d_city, 'differs': h_city <> d_city}}
    ], recursive := true), stale
    from wide anti join written on written.hubspot_id = wide.hubspot_id and written.dynamics_id = wide.dynamics_id
        and written.dynamics_refusal is not null
    union all
    select hubspot_id, dynamics_id, 'dynamics', unnest([
        {{'target': 'emailaddress1', 'source': 'email', 'old': d_email, 'new': h_email, 'differs': false}},
        {{'target': 'firstname', 'source': 'firstname', 'old': d_first, 'new': h_first, 'differs': false}},
        {{'target': 'lastname', 'source': 'lastname', 'old': d_last, 'new': h_last, 'differs': false}},
        {{'target': 'jobtitle', 'source': 'jobtitle', 'old': d_job, 'new': h_job, 'differs': false}},
        {{'target': 'telephone1', 'source': 'phone', 'old': d_phone, 'new': h_phone, 'differs': false}},
        {{'target': 'address1_city', 'source': 'city', 'old': d_city, 'new': h_city, 'differs': false}}
    ], recursive := true), null
    from wide anti join written on written.hubspot_id = wide.hubspot_id and written.dynamics_id = wide.dynamics_id
        and written.hubspot_refusal is not null
)
select 'contact' as object, hubspot_id, dynamics_id, target_system, target as target_field, source as source_field,
    if(old is null, 'fill', 'overwrite') as kind, old as old_value, new as new_value,
    if(old is null, null, stale) as note
from write where new is not null and (old is null or differs);

-- 5. Outcomes.
create temp table refused_create as
select id, 'contact.invalid-email' as rule_id from '{snapshot}/dynamics/contacts.parquet' where not email_valid
union all
select id, 'field.too-long' from '{snapshot}/hubspot/contacts.parquet'
where len(trim(email)) > 100 or len(trim(firstname)) > 50 or len(trim(lastname)) > 50 or len(trim(jobtitle)) > 100
    or len(trim(phone)) > 50 or len(trim(city)) > 80;
create temp table placed as
select 'hubspot' as system, s.id, s.key, p.dynamics_id as counterpart_id, p.rule_id as pair_rule, o.id as owner_id,
    null as lost_to, s.passes, w.hubspot_refusal as refusal,
    (w.to_hubspot and w.dynamics_refusal is null) or (w.to_dynamics and w.hubspot_refusal is null) as updated
from hubspot_contact s left join contact_pair p on p.hubspot_id = s.id left join hubspot_owner o on o.key = s.key
left join written w on w.hubspot_id = s.id
union all
select 'dynamics', s.id, s.key, p.hubspot_id, p.rule_id, o.id, l.winner_id, s.passes, w.dynamics_refusal,
    (w.to_hubspot and w.dynamics_refusal is null) or (w.to_dynamics and w.hubspot_refusal is null)
from dynamics_contact s left join contact_pair p on p.dynamics_id = s.id left join dynamics_owner o on o.key = s.key
left join written w on w.dynamics_id = s.id left join lost l on l.dynamics_id = s.id;
create temp table outcome as
with line as (
    select system, 'contact' as object, p.id as record_id, key as match_key, counterpart_id, owner_id, lost_to, updated,
        pair_rule, coalesce(refusal, case when step = 'create' then r.rule_id end) as refusal, step
    from (
        select *, case when counterpart_id is not null then 'pair' when not passes then 'filter'
            when key is null then 'no_email' when owner_id <> id then 'shadowed' when lost_to is not null then 'lost'
            else 'create' end as step
        from placed
    ) p left join refused_create r on r.id = p.id
)
select system, object, record_id,
    case when refusal is not null then 'failing' when step = 'pair' then if(updated, 'update', 'link')
        when step in ('filter', 'no_email') then 'excluded' when step in ('shadowed', 'lost') then 'shadowed'
        else 'create' end as outcome,
    case when refusal is not null then case refusal when 'contact.invalid-email' then 'invalid_email'
        when 'record.inactive-readonly' then 'inactive_readonly' else 'too_long' end
        when step in ('filter', 'no_email') then step end as reason,
    case when refusal is not null then refusal when step = 'pair' then pair_rule when step = 'filter' then 'record.filter'
        when step = 'no_email' then 'contact.no-email' when step = 'shadowed' then 'contact.first-per-email'
        when step = 'lost' then 'contact.one-binding' else 'record.create' end as rule_id,
    counterpart_id, case when step = 'shadowed' then owner_id when step = 'lost' then lost_to end as winner_id, match_key
from line
union all
select 'hubspot', 'company', c.id, if(p.dynamics_id is null, 'create', 'link'), null,
    if(p.dynamics_id is null, 'record.create', 'company.match-name'), p.dynamics_id, null, c.name_key
from '{snapshot}/hubspot/companies.parquet' c left join company_pair p on p.hubspot_id = c.id
union all
select 'dynamics', 'company', c.id, if(p.hubspot_id is null, 'create', 'link'), null,
    if(p.hubspot_id is null, 'record.create', 'company.match-name'), p.hubspot_id, null, c.name_key
from '{snapshot}/dynamics/accounts.parquet' c left join company_pair p on p.dynamics_id = c.id;

-- 6. Associations.
create temp table link as
with found as (
    select 'hubspot' as from_system, from_id, to_id, bool_or(is_primary) as is_primary
    from '{snapshot}/hubspot/links.parquet' where from_object = 'contact' and to_object = 'company' group by all
    union all
    select 'dynamics', id, _parentcustomerid_value, true from '{snapshot}/dynamics/contacts.parquet'
    where _parentcustomerid_value is not null
)
select f.from_system, f.from_id, f.to_id,
    case when not f.is_primary then 'dropped_non_primary' when o.outcome in ('create', 'update', 'link')
        and t.record_id is not null then 'synced' else 'target_not_synced' end as status,
    case when not f.is_primary then 'link.primary-only' when o.outcome = 'shadowed' then 'link.loser-parent-lost'
        when o.outcome not in ('create', 'update', 'link') then 'link.source-not-synced'
        when t.record_id is null then 'link.target-not-synced' else 'link.both-synced' end as rule_id
from found f join outcome o on o.system = f.from_system and o.record_id = f.from_id and o.object = 'contact'
left join outcome t on t.system = f.from_system and t.record_id = f.to_id and t.object = 'company'
    and t.outcome in ('create', 'update', 'link');
create temp table apart as
select 'hubspot' as from_system, h.from_id, h.to_id from contact_pair p
join link h on h.from_system = 'hubspot' and h.status = 'synced' and h.from_id = p.hubspot_id
join link d on d.from_system = 'dynamics' and d.status = 'synced' and d.from_id = p.dynamics_id
anti join company_pair c on c.hubspot_id = h.to_id and c.dynamics_id = d.to_id;

-- 7. Collisions: groups of one key, their owner and what differs from it.
create temp table member as
with shared as (
    select 'hubspot' as system, key from hubspot_contact where key is not null group by key having count(*) > 1
    union all
    select 'dynamics', key from dynamics_contact where key is not null group by key having count(*) > 1
)
select system, s.key, s.id, row_number() over (partition by system, s.key order by s.rank) as position, o.id as owner_id
from shared join hubspot_contact s on s.key = shared.key and system = 'hubspot' join hubspot_owner o on o.key = s.key
union all
select system, s.key, s.id, row_number() over (partition by system, s.key order by s.rank), o.id
from shared join dynamics_contact s on s.key = shared.key and system = 'dynamics' join dynamics_owner o on o.key = s.key;
create temp table collision as
with record as (
    select 'hubspot' as system, id, email, firstname, lastname, jobtitle, phone, city
    from '{snapshot}/hubspot/contacts.parquet' where id in (select id from member where system = 'hubspot')
    union all
    select 'dynamics', id, emailaddress1, firstname, lastname, jobtitle, telephone1, address1_city
    from '{snapshot}/dynamics/contacts.parquet' where id in (select id from member where system = 'dynamics')
)
select m.system, m.key as match_key, m.id as record_id, m.position, m.id = m.owner_id as is_winner,
    nullif(if(m.system = 'hubspot',
        concat_ws(';', if(trim(r.city) is distinct from trim(w.city), 'city', null),
            if(trim(r.email) is distinct from trim(w.email), 'email', null),
            if(trim(r.firstname) is distinct from trim(w.firstname), 'firstname', null),
            if(trim(r.jobtitle) is distinct from trim(w.jobtitle), 'jobtitle', null),
            if(trim(r.lastname) is distinct from trim(w.lastname), 'lastname', null),
            if(trim(r.phone) is distinct from trim(w.phone), 'phone', null)),
        concat_ws(';', if(trim(r.city) is distinct from trim(w.city), 'address1_city', null),
            if(trim(r.email) is distinct from trim(w.email), 'emailaddress1', null),
            if(trim(r.firstname) is distinct from trim(w.firstname), 'firstname', null),
            if(trim(r.jobtitle) is distinct from trim(w.jobtitle), 'jobtitle', null),
            if(trim(r.lastname) is distinct from trim(w.lastname), 'lastname', null),
            if(trim(r.phone) is distinct from trim(w.phone), 'telephone1', null))), '') as differs_in
from member m join record r on r.system = m.system and r.id = m.id join record w on w.system = m.system and w.id = m.owner_id;

-- 8. Written in the same order as the kit's.
copy (
    select system, object, record_id, outcome,
        case when outcome in ('create', 'update', 'link') then 'in_sync' when outcome = 'failing' then 'failing'
            else 'excluded' end as health,
        reason, rule_id, counterpart_id, winner_id, match_key
    from outcome order by system, object, record_id
) to '{out}/outcomes.parquet' (format parquet, compression zstd);
copy (select * from change order by object, hubspot_id, dynamics_id, target_system, target_field)
to '{out}/changes.parquet' (format parquet, compression zstd);
copy (
    select l.from_system, 'contact' as from_object, l.from_id, 'company' as to_object, l.to_id,
        if(a.from_id is null, status, 'dropped_non_primary') as status,
        if(a.from_id is null, rule_id, 'link.primary-disagreement') as rule_id
    from link l
    left join apart a on a.from_system = l.from_system and a.from_id = l.from_id and a.to_id = l.to_id
    order by l.from_system, l.from_id, l.to_id
) to '{out}/links.parquet' (format parquet, compression zstd);
copy (
    select system, 'contact' as object, match_key, record_id, position, is_winner, differs_in from collision
    order by system, match_key, position
)
to '{out}/collisions.parquet' (format parquet, compression zstd);
copy (select system, object, outcome, reason, count(*) as count from outcome group by all order by all)
to '{out}/summary.parquet' (format parquet, compression zstd);
