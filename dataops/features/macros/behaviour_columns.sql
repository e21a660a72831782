{# The columns read of the events: the one that names an event first, then the features' own. #}
{% macro behaviour_columns(declared, features) %}
    {%- set columns = [declared.event] -%}
    {%- for feature in features if feature.column and feature.column not in columns -%}
        {%- do columns.append(feature.column) -%}
    {%- endfor -%}
    {{ return(columns) }}
{% endmacro %}
