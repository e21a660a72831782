{# Refuses a view whose event time or known time is no date or timestamp. What is not built yet is
   left to the database. #}
{% macro feature_check_times(views) %}
    {%- for view in views -%}
        {%- for column in adapter.get_columns_in_relation(view.relation)
            if column.name in (view.event_time, view.known_time)
            and not modules.re.match('(?i)date|timestamp', column.dtype) -%}
            {%- do feature_refusal(
                view.view ~ '.' ~ column.name ~ ' is a time of a feature view and its type is '
                ~ column.dtype ~ '; allowed: date or timestamp',
                'cast it in the SQL of ' ~ view.view
            ) -%}
        {%- endfor -%}
    {%- endfor -%}
{% endmacro %}
