{# The start of an as-of date is the last instant whose deliveries count: the file of day D is
   delivered at the first instant of D + 1 and belongs to what is known as of D + 1.
   No `or`: with one, DuckDB compares every row with every row in a left join. #}
{% macro known_as_of(history, as_of_date) -%}
    {{ history }}._delivered_at <= cast({{ as_of_date }} as timestamp)
    and coalesce({{ history }}._superseded_at, cast('9999-12-31' as timestamp))
    > cast({{ as_of_date }} as timestamp)
{%- endmacro %}
