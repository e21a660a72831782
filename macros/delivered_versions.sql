{% macro delivered_versions(relation, key, content, required=[]) -%}
    {%- set keys = key | join(', ') -%}
    select
        {{ keys }},
        {{ content | join(', ') }},
        cast(row_number() over (partition by {{ keys }} order by _delivered_at) as integer)
            as version_number,
        lead(_delivered_at) over (partition by {{ keys }} order by _delivered_at) is null
            as is_current,
        _delivered_at,
        lead(_delivered_at) over (partition by {{ keys }} order by _delivered_at)
            as _superseded_at
    from (
        select
            *,
            lag(_content) over (partition by {{ keys }} order by _delivered_at)
                as _previous_content
        from (
            select
                *,
                {{ content_hash(content) }} as _content,
                -- Of two records of one delivery the one further down the files was written last.
                row_number() over (
                    partition by {{ keys }}, _delivered_at order by _file desc, _row desc
                ) as _place
            from {{ relation }}
            where {{ (key + required) | join(' is not null and ') }} is not null
        ) as placed
        where _place = 1
    ) as compared
    where _previous_content is null or _previous_content <> _content
{%- endmacro %}
