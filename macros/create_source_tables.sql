{% macro create_source_tables() %}
    {%- if execute -%}
        {%- set landing_columns = {
            '_file': 'varchar', '_row': 'bigint', '_delivered_at': 'timestamp', '_loaded_at': 'timestamp'
        } -%}
        {%- for source in graph.sources.values() -%}
            {%- set columns = {} -%}
            {%- for column in source.columns.values() if column.data_type -%}
                {%- do columns.update({column.name: column.data_type}) -%}
            {%- endfor -%}
            {%- if columns | length == source.columns | length and columns -%}
                {%- if source.config.meta.get('landing') -%}
                    {%- do columns.update(landing_columns) -%}
                {%- endif -%}
                {%- do create_source_table(source, columns) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}
