{# The rows of a spine, each with the features as they were known at its time. While dbt parses,
   the views are referred to, for lineage, and the call is kept in the model's meta, where
   `goldloop run` checks it before anything runs. #}
{% macro training_set(spine, time, features, keys={}, prefix=false) -%}
    {%- set requests = feature_requests(features, keys, prefix) -%}
    {%- if execute -%}
        {%- set views = feature_resolved(requests) -%}
        {%- if model.resource_type != 'unit_test' -%}
            {%- do feature_check_times(views) -%}
            {%- do feature_check_spine(spine, time, views) -%}
        {%- endif -%}
        {{ feature_join(spine, time, views) }}
    {%- else -%}
        {%- set spine = spine if spine is string else none -%}
        {%- set call = {'spine': spine, 'time': time, 'features': []} -%}
        {%- for request in requests -%}
            {%- set prefix = request.view ~ '__' if request.prefix is sameas true
                else request.prefix or '' -%}
            {%- do call.features.append({
                'view': request.view, 'features': request.features, 'keys': request.spine_keys,
                'prefix': prefix
            }) -%}
        {%- endfor -%}
        {%- do config(meta={'training_set_' ~ local_md5(tojson(call))[:8]: call}) -%}
    {%- endif -%}
{%- endmacro %}
