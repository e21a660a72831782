{# Passes when no two rows of a feature view have the same entity, event time and known time:
   of two such rows nothing says which is newer. #}
{% test one_row_per_event(model) %}
    {%- if execute -%}
        {%- set views = feature_views() -%}
        {%- set found = namespace(view=none) -%}
        {%- for node in graph.nodes.values() if node.relation_name == model | string -%}
            {%- set found.view = views.get(node.name) -%}
        {%- endfor -%}
        {%- if not found.view -%}
            {%- do feature_refusal(
                model ~ ' has no config.meta.feature_view, and one_row_per_event tests feature views',
                'declare it, or take the test away'
            ) -%}
        {%- endif -%}
        {%- set columns = [] -%}
        {%- for name in (found.view.entity + [found.view.event_time, found.view.known_time]) | unique -%}
            {%- do columns.append(adapter.quote(name)) -%}
        {%- endfor -%}
        select
            {{ columns | join(', ') }},
            count(*) as rows_of_one_event
        from {{ model }}
        where {{ columns | join(' is not null and ') }} is not null
        group by {{ columns | join(', ') }}
        having count(*) > 1
    {%- endif -%}
{% endtest %}
