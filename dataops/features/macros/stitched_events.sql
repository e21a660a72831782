{# Every event with the identity of its user or, where nobody was logged in, of its device, also
   if the device was linked later; `identity_known_at` is when that could be told. #}
{% macro stitched_events(events, identities, device, user, known) -%}
    {%- do feature_check_columns(
        events, 'stitched_events', [device, user, known], ['identity_id', 'identity_known_at']
    ) -%}
    {%- set user = adapter.quote(user) -%}
    {%- set known = adapter.quote(known) -%}
select
    events.*,
    coalesce(users.identity_id, devices.identity_id) as identity_id,
    greatest(
        events.{{ known }}, coalesce(users.known_at, devices.known_at, events.{{ known }})
    ) as identity_known_at
from {{ events }} as events
left join {{ identities }} as users
    on
        cast(events.{{ user }} as string) = users.member_id
        and users.member_kind = 'user'
left join {{ identities }} as devices
    on
        cast(events.{{ adapter.quote(device) }} as string) = devices.member_id
        and devices.member_kind = 'device'
        -- Who is logged in counts, whoever else uses the device.
        and events.{{ user }} is null
{%- endmacro %}
