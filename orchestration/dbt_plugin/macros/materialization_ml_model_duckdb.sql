{# Trains an ML model on the rows of the model's own select. The table <model>__training has these
   rows; the model itself is a view with a row for each version. #}
{% materialization ml_model, adapter='duckdb' %}
    {%- set training = ml_training_table(this) -%}
    {%- set question = {
        'database': this.database, 'training': training.identifier, 'name': model.name,
        'node': model.unique_id, 'file': model.original_file_path, 'package': model.package_name,
        'meta': config.get('meta', {}).get('ml'), 'compiled_path': model.compiled_path,
        'run': invocation_id
    } -%}
    {%- do ml_refuse_feedback() -%}
    {%- do ml_ask('declare', question) -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- call statement('training') -%}
        create or replace table {{ training }} as ({{ sql }})
    {%- endcall -%}
    {# What trains reads by a connection of its own, which sees what is committed. #}
    {{ adapter.commit() }}

    {%- set outcome = {'told': 'not trained: --empty'} -%}
    {%- if not flags.EMPTY -%}
        {%- set outcome = ml_ask('train', question) -%}
    {%- endif -%}
    {%- for line in outcome.lineage or [] -%}
        {%- do log(model.name ~ ': ' ~ line, info=true) -%}
    {%- endfor -%}
    {%- if outcome.warning -%}
        {%- do exceptions.warn(outcome.warning) -%}
    {%- endif -%}

    {%- set existing = load_cached_relation(this) -%}
    {%- set view = this.incorporate(type='view') -%}
    {%- if existing is not none and not existing.is_view -%}
        {%- do adapter.drop_relation(existing) -%}
    {%- endif -%}
    {%- call statement('versions') -%}
        create or replace view {{ view }} as (
            select
                model, version, status, reason, task, estimator, label, train_rows, test_rows,
                (
                    select map(list(metric), list(value))
                    from {{ ml_table(this.database, 'evaluations') }} as judged
                    where judged.model = made.model and judged.version = made.version
                        and data = 'test' and segment = 'all' and value is not null
                ) as metrics,
                code_version, run_id, created_at, decided_at
            from {{ ml_table(this.database, 'model_versions') }} as made
            where model = {{ ml_text(model.name) }}
        )
    {%- endcall -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- do persist_docs(view, model) -%}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {%- call noop_statement('main', outcome.told, 'ML MODEL') -%}
        {{ sql }}
    {%- endcall -%}
    {{ return({'relations': [view]}) }}
{% endmaterialization %}
