{# Who reads each node of the graph, by unique id: beside what dbt knows, an ML model reads what it
   learns from and scores, its predictions read it, and so does SQL that asks it by its name. What a
   model with a declared lag reads was there before: it is left out. #}
{% macro ml_readers() %}
    {%- set readers, models, named = {}, {}, {} -%}
    {%- for exposure in graph.exposures.values() if exposure.type == 'ml' -%}
        {%- do models.update({exposure.name: exposure.unique_id}) -%}
    {%- endfor -%}
    {%- for node in graph.nodes.values() if node.resource_type in ('model', 'seed', 'snapshot') -%}
        {%- do named.update({node.name: node.unique_id}) -%}
        {%- if not node.config.meta.get('feedback') -%}
            {%- for read in node.depends_on.get('nodes', []) -%}
                {%- do readers.setdefault(read, []).append(node.unique_id) -%}
            {%- endfor -%}
        {%- endif -%}
        {%- for name, model in models.items() -%}
            {%- set call = "\\bml_\\w+\\(\\s*(model\\s*=\\s*)?['\"]" ~ name ~ "['\"]" -%}
            {%- if modules.re.search(call, node.raw_code or '') -%}
                {%- do readers.setdefault(model, []).append(node.unique_id) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- for source in graph.sources.values() if source.schema == 'predictions' -%}
        {%- if source.identifier in models -%}
            {%- do readers.setdefault(models[source.identifier], []).append(source.unique_id) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for exposure in graph.exposures.values() if exposure.type == 'ml' -%}
        {%- set declared = exposure.config.meta.get('ml') or {} -%}
        {%- for part in ('train', 'score') if declared[part] is mapping -%}
            {#- YAML 1.1 takes the bare word `on` for the truth value. -#}
            {%- set name = declared[part].get('on') or declared[part].get(true)
                or declared[part].get('true') -%}
            {%- if name in named -%}
                {%- do readers.setdefault(named[name], []).append(exposure.unique_id) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(readers) }}
{% endmacro %}
