{# The seconds of the longest window, none if one has no end. #}
{% macro behaviour_longest(features) %}
    {%- set windows = features | map(attribute='seconds') | list -%}
    {{ return(none if none in windows else windows | max) }}
{% endmacro %}
