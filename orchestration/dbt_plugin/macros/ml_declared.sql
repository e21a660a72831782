{# What is declared of training an ML model, flat or by part: its key, its item and so on. #}
{% macro ml_declared(name) %}
    {%- for node in graph.nodes.values() | list + graph.exposures.values() | list -%}
        {%- set meta = (node.config.get('meta') or {}).get('ml') if node.name == name else none -%}
        {%- if meta is mapping -%}
            {{ return(dict(meta, **(meta.get('train') or {}))) }}
        {%- endif -%}
    {%- endfor -%}
    {%- do ml_refusal(
        "'" ~ name ~ "' is no ML model of this project; allowed: the name of an exposure of type ml",
        "correct it in " ~ this.identifier
    ) -%}
{% endmacro %}
