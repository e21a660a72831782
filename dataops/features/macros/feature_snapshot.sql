{# The features of every entity as of one moment: a training set whose spine is the entities at
   that moment, so that what is served cannot differ from what was learnt from. #}
{% macro feature_snapshot(features, as_of=none, entities=none, keys={}, prefix=false) -%}
    {%- set requests = feature_requests(features, keys, prefix) -%}
    {%- if execute -%}
        {%- set views = feature_resolved(requests) -%}
        {%- if model.resource_type != 'unit_test' -%}
            {%- do feature_check_times(views) -%}
        {%- endif -%}
        {%- set moment = as_of or current_timestamp() -%}
        {%- set listed = entities or feature_entities(views) -%}
        {%- set spine = '(select *, ' ~ moment ~ ' as as_of from ' ~ listed ~ ')' -%}
        {{ feature_join(spine ~ ' as entities', 'as_of', views) }}
    {%- endif -%}
{%- endmacro %}
