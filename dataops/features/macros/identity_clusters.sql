{# The users that devices connect, as CTEs: `identity_pairs`, `identity_roots` (the smallest user
   within `steps` steps) and `identity_known` (when the first way to that one was complete). So
   many steps are enough for every cluster that may stay one; a bigger one shows in its pairs. #}
{% macro identity_clusters(users_per_device, steps) -%}
identity_pairs as (
    select
        first_link.user_id,
        second_link.user_id as other_id,
        min(greatest(first_link.linked_at, second_link.linked_at)) as paired_at
    from identity_links as first_link
    inner join identity_links as second_link
        on
            first_link.device_id = second_link.device_id
            and first_link.user_id <> second_link.user_id
    where first_link.device_users between 2 and {{ users_per_device }}
    group by first_link.user_id, second_link.user_id
),

-- Each user is a step of no length from itself, so that a step reads the step before only once.
identity_steps as (
    select
        user_id,
        other_id,
        paired_at
    from identity_pairs
    union all
    select
        user_id,
        user_id as other_id,
        seen_at as paired_at
    from identity_users
    where user_id in (select user_id from identity_pairs)
),

identity_roots_0 as (
    select distinct
        user_id,
        user_id as root_id
    from identity_pairs
),
{% for step in range(1, steps + 1) %}
identity_roots_{{ step }} as (
    select
        identity_steps.other_id as user_id,
        min(before.root_id) as root_id
    from identity_roots_{{ step - 1 }} as before
    inner join identity_steps
        on before.user_id = identity_steps.user_id
    group by identity_steps.other_id
),
{% endfor %}
identity_roots as (
    select
        user_id,
        root_id
    from identity_roots_{{ steps }}
),

identity_known_0 as (
    select
        identity_users.user_id,
        identity_users.seen_at as known_at
    from identity_roots
    inner join identity_users
        on identity_roots.user_id = identity_users.user_id
    where identity_roots.user_id = identity_roots.root_id
),
{% for step in range(1, steps + 1) %}
identity_known_{{ step }} as (
    select
        identity_steps.other_id as user_id,
        min(greatest(before.known_at, identity_steps.paired_at)) as known_at
    from identity_known_{{ step - 1 }} as before
    inner join identity_steps
        on before.user_id = identity_steps.user_id
    group by identity_steps.other_id
),
{% endfor %}
identity_known as (
    select
        user_id,
        known_at
    from identity_known_{{ steps }}
),
{%- endmacro %}
