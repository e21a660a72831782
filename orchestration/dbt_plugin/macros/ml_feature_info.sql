{# What each feature of a version is: its type, how it is encoded, how often it was missing. #}
{% macro ml_feature_info(model, version=none) -%}
    {{ adapter.dispatch('ml_feature_info')(model, version) }}
{%- endmacro %}

{% macro duckdb__ml_feature_info(model, version) -%}
(
    select
        model,
        version,
        feature ->> 'name' as feature,
        feature ->> 'type' as type,
        feature ->> 'kind' as kind,
        cast(json_array_length(feature -> 'categories') as integer) as categories,
        cast(feature ->> 'rare' as integer) as rare,
        cast(feature ->> 'missing' as bigint) as missing,
        feature ->> 'sql' as expression
    from (
        select model, version, unnest(cast(features as json[])) as feature
        from {{ ml_registry(
            'ml_feature_info', model, 'model_versions', ['model', 'version', 'features'], version
        ) }} as goldloop_version
    ) as goldloop_features
)
{%- endmacro %}
