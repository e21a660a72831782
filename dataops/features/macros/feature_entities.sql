{# Every entity that any of the views knows; the views must be joined by the same keys. #}
{% macro feature_entities(views) -%}
    {%- set keys = views[0].spine_keys -%}
    {%- for view in views if view.spine_keys | sort != keys | sort -%}
        {%- do feature_refusal(
            view.view ~ ' is joined by ' ~ view.spine_keys | join(', ') ~ ' and '
            ~ views[0].view ~ ' by ' ~ keys | join(', ')
            ~ '; a snapshot of all entities needs views with the same keys',
            'name the entities (entities=…), or take one snapshot for each'
        ) -%}
    {%- endfor -%}
    (
    {%- for view in views %}
        select distinct
            {%- for key in keys %}
            {{ view.quoted_entity[view.spine_keys.index(key)] }} as {{ adapter.quote(key) }}
            {{- ',' if not loop.last }}
            {%- endfor %}
        from {{ view.relation }}
        {{ 'union' if not loop.last }}
    {%- endfor %}
    ) as known
{%- endmacro %}
