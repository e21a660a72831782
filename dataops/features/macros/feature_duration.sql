{# A duration in seconds, none for `unlimited`: written as a ttl is. #}
{% macro feature_duration(text, what) %}
    {%- set written = text | string -%}
    {%- if written != 'unlimited'
        and not modules.re.fullmatch('[0-9]+ (second|minute|hour|day|week)s?', written) -%}
        {%- do feature_refusal(
            what ~ " is '" ~ written ~ "'; allowed: a whole number and seconds, minutes, hours, "
            ~ 'days or weeks, such as 30 minutes; or unlimited',
            'correct it'
        ) -%}
    {%- endif -%}
    {{ return(feature_ttl_seconds(written, what)) }}
{% endmacro %}
