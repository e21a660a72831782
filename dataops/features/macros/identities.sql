{# Every user and device that was seen, with the identity they belong to: users are one identity
   if devices that they share connect them. A device of more than `users_per_device` users
   connects nobody, and users of whom more than `users_per_identity` would become one stay apart.
   `known_at` is when the last link on the way to the identity was learnt, on the way that was
   complete first. #}
{% macro identities(
    events, device, user, known, users_per_device=3, users_per_identity=10, as_of=none
) -%}
    {%- do feature_check_columns(events, 'identities', [device, user, known]) -%}
    {%- for name, most in [
        ('users_per_device', users_per_device), ('users_per_identity', users_per_identity)
    ] if most is not integer or most < 1 -%}
        {%- do feature_refusal(
            name ~ ' is ' ~ most ~ '; allowed: a whole number from 1',
            'correct the call of identities'
        ) -%}
    {%- endfor -%}
with identity_sightings as (
    select
        cast({{ adapter.quote(device) }} as string) as device_id,
        cast({{ adapter.quote(user) }} as string) as user_id,
        min({{ adapter.quote(known) }}) as linked_at
    from {{ events }}
    where
        {{ adapter.quote(known) }} is not null
        {%- if as_of %}
        and {{ feature_instant(adapter.quote(known)) }} <= {{ feature_instant(as_of) }}
        {%- endif %}
    group by {{ adapter.quote(device) }}, {{ adapter.quote(user) }}
),

identity_links as (
    select
        *,
        count(*) over (partition by device_id) as device_users
    from identity_sightings
    where device_id is not null and user_id is not null
),

identity_users as (
    select
        user_id,
        count(device_id) as linked,
        min(linked_at) as seen_at
    from identity_sightings
    where user_id is not null
    group by user_id
),

identity_devices as (
    select
        device_id,
        count(user_id) as linked,
        min(linked_at) as seen_at
    from identity_sightings
    where device_id is not null
    group by device_id
),

{{ identity_clusters(users_per_device, users_per_identity - 1) }}

-- One step more: where it would still change a root, the cluster goes on. No join by `<>`.
identity_edges as (
    select
        identity_steps.other_id as user_id,
        min(before.root_id) as first_root_id,
        max(before.root_id) as last_root_id
    from identity_roots as before
    inner join identity_steps
        on before.user_id = identity_steps.user_id
    group by identity_steps.other_id
),

-- A cluster of more users than allowed, or one that goes on, is none.
identity_excess as (
    select root_id
    from identity_roots
    group by root_id
    having count(*) > {{ users_per_identity }}
    union
    select identity_roots.root_id
    from identity_roots
    inner join identity_edges
        on identity_roots.user_id = identity_edges.user_id
    where identity_edges.first_root_id <> identity_edges.last_root_id
),

identity_members as (
    select
        identity_users.user_id,
        case
            when identity_excess.root_id is null
                then coalesce(identity_roots.root_id, identity_users.user_id)
            else identity_users.user_id
        end as identity_id,
        identity_excess.root_id is not null as is_excess,
        case
            when identity_excess.root_id is null
                then coalesce(identity_known.known_at, identity_users.seen_at)
            else identity_users.seen_at
        end as known_at,
        identity_users.linked
    from identity_users
    left join identity_roots
        on identity_users.user_id = identity_roots.user_id
    left join identity_known
        on identity_users.user_id = identity_known.user_id
    left join identity_excess
        on identity_roots.root_id = identity_excess.root_id
),

identity_owners as (
    select
        identity_links.device_id,
        max(case when identity_members.is_excess then 1 else 0 end) = 1 as is_excess,
        min(identity_members.identity_id) as identity_id,
        min(greatest(identity_links.linked_at, identity_members.known_at)) as known_at
    from identity_links
    inner join identity_members
        on identity_links.user_id = identity_members.user_id
    where identity_links.device_users <= {{ users_per_device }}
    group by identity_links.device_id
),

identity_judged as (
    select
        identity_devices.device_id,
        identity_owners.identity_id,
        case
            when identity_devices.linked = 0 then 'anonymous'
            when identity_owners.device_id is null then 'shared'
            when identity_owners.is_excess and identity_devices.linked > 1 then 'excess'
            else 'linked'
        end as status,
        identity_devices.linked,
        identity_devices.seen_at,
        identity_owners.known_at
    from identity_devices
    left join identity_owners
        on identity_devices.device_id = identity_owners.device_id
)

select
    'user' as member_kind,
    user_id as member_id,
    identity_id,
    case when is_excess then 'excess' else 'linked' end as status,
    linked,
    known_at
from identity_members
union all
select
    'device' as member_kind,
    device_id as member_id,
    case when status = 'linked' then identity_id end as identity_id,
    status,
    linked,
    case when status = 'linked' then known_at else seen_at end as known_at
from identity_judged
{%- endmacro %}
