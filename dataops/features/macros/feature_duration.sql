{# A duration in seconds, none for `unlimited`. A day has 24 hours, whatever the clocks do. #}
{% macro feature_duration(text, what, fix='correct it') %}
    {%- set units = {'second': 1, 'minute': 60, 'hour': 3600, 'day': 86400, 'week': 604800} -%}
    {%- set written = text | string -%}
    {%- if written == 'unlimited' -%}
        {{ return(none) }}
    {%- endif -%}
    {%- if not modules.re.fullmatch('[0-9]+ +(' ~ units | join('|') ~ ')s?', written) -%}
        {%- do feature_refusal(
            what ~ " is '" ~ written ~ "'; allowed: a whole number and seconds, minutes, hours, "
            ~ 'days or weeks, such as 30 minutes; or unlimited',
            fix
        ) -%}
    {%- endif -%}
    {%- set number, unit = written.split() -%}
    {{ return(number | int * units[unit if unit in units else unit[:-1]]) }}
{% endmacro %}
