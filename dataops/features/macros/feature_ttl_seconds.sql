{# A ttl in seconds, none for `unlimited`. A day has 24 hours, whatever the clocks do. #}
{% macro feature_ttl_seconds(ttl, view) %}
    {%- set units = {'second': 1, 'minute': 60, 'hour': 3600, 'day': 86400, 'week': 604800} -%}
    {%- set words = (ttl | string).split() -%}
    {%- set unit = words[1][:-1] if words | length == 2 and words[1][-1] == 's' else words[1] -%}
    {%- if ttl == 'unlimited' -%}
        {{ return(none) }}
    {%- elif words | length != 2 or not modules.re.fullmatch('[0-9]+', words[0])
        or unit not in units -%}
        {%- do feature_refusal(
            'ttl of ' ~ view ~ " is '" ~ ttl ~ "'; allowed: a whole number and "
            ~ 'seconds, minutes, hours, days or weeks, such as 30 days; or unlimited',
            'correct its config.meta.feature_view'
        ) -%}
    {%- endif -%}
    {{ return(words[0] | int * units[unit]) }}
{% endmacro %}
