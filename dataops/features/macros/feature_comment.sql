{# What the join of a view means, in the compiled statement. #}
{% macro feature_comment(view, time) -%}
    {%- set age = 'of any age' if view.ttl_seconds is none else 'at most ' ~ view.ttl ~ ' old' -%}
    -- {{ view.view }}: the newest row known at {{ time }}, {{ age }}.
{%- endmacro %}
