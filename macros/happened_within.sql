{% macro happened_within(event_at, days, as_of_date) -%}
    {{ event_at }} < cast({{ as_of_date }} as timestamp)
    and {{ event_at }} >= cast({{ add_days(as_of_date, 0 - days) }} as timestamp)
{%- endmacro %}
