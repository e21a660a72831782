{# The declared features, each with `name`, `verb`, `column` (none for count, recency and seconds),
   `events` (none for every event) and `seconds` (none for a window without end). #}
{% macro behaviour_features(declared) %}
    {%- set of_column = ['sum', 'avg', 'distinct'] -%}
    {%- set known = ['count', 'recency', 'seconds'] + of_column -%}
    {%- set features = [] -%}
    {%- for name, told in declared.features.items() -%}
        {%- set verbs = told.keys() | reject('in', ['of', 'over']) | list -%}
        {%- set verb = verbs[0] if verbs | length == 1 else none -%}
        {%- if verb not in known or 'over' not in told -%}
            {%- do feature_refusal(
                "feature '" ~ name ~ "' has " ~ told.keys() | join(', ')
                ~ '; allowed: one of ' ~ known | join(', ') ~ '; over; of',
                'correct config.meta.behaviour'
            ) -%}
        {%- endif -%}
        {%- set seconds = feature_duration(told.over, 'over of ' ~ name) -%}
        {%- if seconds == 0 -%}
            {%- do feature_refusal(
                'over of ' ~ name ~ " is '" ~ told.over ~ "', a window that nothing lies in; "
                ~ 'allowed: a whole number from 1, or unlimited',
                'correct config.meta.behaviour'
            ) -%}
        {%- endif -%}
        {%- set is_of_column = verb in of_column -%}
        {%- set named = told.get('of', '*') if is_of_column else told[verb] -%}
        {%- do features.append({
            'name': name,
            'verb': verb,
            'column': told[verb] if is_of_column else none,
            'events': none if named == '*' else [named] if named is string else named,
            'seconds': seconds
        }) -%}
    {%- endfor -%}
    {{ return(features) }}
{% endmacro %}
