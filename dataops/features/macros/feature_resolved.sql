{# The requests with what their views declare: each with `name` (unique in the statement),
   `relation`, `entity`, `spine_keys` (the spine's column for each of `entity`), `event_time`,
   `known_time`, `ttl_seconds` and `columns`, a list of (feature, name in the result). #}
{% macro feature_resolved(requests) %}
    {%- set declared = feature_views() -%}
    {%- set views = [] -%}
    {%- set outputs = [] -%}
    {%- for request in requests -%}
        {%- set view = declared.get(request.view) -%}
        {%- if not view -%}
            {%- do feature_refusal(
                "'" ~ request.view ~ "' is no feature view; there are: "
                ~ declared | sort | join(', '),
                'declare config.meta.feature_view in its YAML (in a unit test, override the macro '
                ~ 'feature_views)'
            ) -%}
        {%- endif -%}
        {%- set columns = [] -%}
        {%- for name in request.features -%}
            {%- if name != '*' and name not in view.features -%}
                {%- do feature_refusal(
                    "'" ~ name ~ "' is no feature of " ~ request.view ~ '; it has: '
                    ~ view.features | join(', '),
                    'correct the name, or describe the column in the YAML of ' ~ request.view
                ) -%}
            {%- endif -%}
            {%- for feature in (view.features if name == '*' else [name]) -%}
                {%- set prefix = request.view ~ '__' if request.prefix is sameas true
                    else request.prefix or '' -%}
                {%- set output = prefix ~ feature -%}
                {%- if output | lower in outputs -%}
                    {%- do feature_refusal(
                        "two columns of the result would be called '" ~ output ~ "'",
                        'say prefix=true, or give one of the views a prefix'
                    ) -%}
                {%- endif -%}
                {%- do outputs.append(output | lower) -%}
                {%- do columns.append((feature, output)) -%}
            {%- endfor -%}
        {%- endfor -%}
        {%- set spine_keys = [] -%}
        {%- set quoted = [] -%}
        {%- set internal = [] -%}
        {%- for key in view.entity -%}
            {%- do spine_keys.append(request.spine_keys.get(key, key)) -%}
            {%- do quoted.append(adapter.quote(key)) -%}
            {%- do internal.append('_key_' ~ loop.index) -%}
        {%- endfor -%}
        {%- set name = modules.re.sub('[^A-Za-z0-9_]', '_', request.view) -%}
        {%- do views.append({
            'name': name ~ ('_' ~ loop.index if name in views | map(attribute='name')),
            'view': request.view,
            'relation': request.relation,
            'spine_keys': spine_keys,
            'quoted_entity': quoted,
            'internal_keys': internal,
            'event_time': view.event_time,
            'known_time': view.known_time,
            'ttl': view.ttl,
            'ttl_seconds': feature_duration(
                view.ttl, 'ttl of ' ~ request.view, 'correct its config.meta.feature_view'
            ),
            'columns': columns
        }) -%}
    {%- endfor -%}
    {{ return(views) }}
{% endmacro %}
