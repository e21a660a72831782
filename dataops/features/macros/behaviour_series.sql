{# Whole multiples of `seconds` since 1970 (UTC), from the first event to the first one after the
   last of `times`, columns of the events. #}
{% macro behaviour_series(seconds, times) -%}
    {{ return(adapter.dispatch('behaviour_series')(seconds, times)) }}
{%- endmacro %}

{% macro default__behaviour_series(seconds, times) -%}
    {%- do feature_refusal(
        'every needs a series of times, which this adapter has no macro for',
        'give behaviour() a calendar or moments, or write a macro <adapter>__behaviour_series'
    ) -%}
{%- endmacro %}

{% macro duckdb__behaviour_series(seconds, times) -%}
    {%- set step = seconds * 1000000 %}
        select make_timestamp(unnest(range(
            (min(_at) // {{ step }} + 1) * {{ step }},
            (max(greatest({{ times | join(', ') }})) // {{ step }} + 2) * {{ step }},
            {{ step }}
        ))) as _moment
        from behaviour_events
    {% endmacro %}
