{# A feature view of what entities did, as its YAML declares under `config.meta.behaviour`: this call
   is the whole model. `moments` has rows of the entity's columns and the view's event time;
   `calendar` only the event time; without either there is a row for each `every` of time. #}
{% macro behaviour(events, moments=none, calendar=none) -%}
    {%- if execute -%}
        {%- set told = behaviour_declared() -%}
        {{ behaviour_statement(events, told.feature_view, told.behaviour, moments, calendar) }}
    {%- endif -%}
{%- endmacro %}
