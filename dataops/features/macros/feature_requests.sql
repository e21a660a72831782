{# What is asked for, one request a view: 'view', 'view.feature', or a mapping with `view` and any
   of `features`, `keys` and `prefix`. `ref()` stands here so that lineage holds. #}
{% macro feature_requests(features, keys={}, prefix=false) %}
    {%- set requests = {} -%}
    {%- for feature in features -%}
        {%- set is_own = feature is mapping -%}
        {%- set view = feature.view if is_own else feature.split('.')[0] -%}
        {%- set request = requests.setdefault(loop.index if is_own else view, {
            'view': view,
            'relation': ref(view),
            'features': [],
            'spine_keys': feature['keys'] if is_own and 'keys' in feature else keys,
            'prefix': feature.prefix if is_own and 'prefix' in feature else prefix
        }) -%}
        {%- set named = feature.features or [] if is_own else feature.split('.')[1:] -%}
        {%- do request.features.extend(named or ['*']) -%}
    {%- endfor -%}
    {{ return(requests.values() | list) }}
{% endmacro %}
