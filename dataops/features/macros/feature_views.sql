{# Every feature view of the project by name, read from `config.meta.feature_view`. dbt shows unit
   tests no graph: there this macro is overridden with what it would return. #}
{% macro feature_views() %}
    {%- set views = {} -%}
    {%- for node in (graph.nodes or {}).values() -%}
        {%- set declared = node.config.meta.feature_view if node.config.meta else none -%}
        {%- if declared -%}
            {%- set own = declared.entity + [declared.event_time, declared.known_time] -%}
            {%- do views.update({node.name: {
                'entity': declared.entity,
                'event_time': declared.event_time,
                'known_time': declared.known_time,
                'ttl': declared.ttl,
                'features': node.columns.keys() | reject('in', own) | list
            }}) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(views) }}
{% endmacro %}
