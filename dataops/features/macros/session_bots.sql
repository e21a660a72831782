{# The columns that the rules about bots read; refuses a rule that is none. #}
{% macro session_bots(bots) %}
    {%- set allowed = ['agent', 'agents', 'per_minute', 'per_session'] -%}
    {%- for rule in bots if rule not in allowed -%}
        {%- do feature_refusal(
            "'" ~ rule ~ "' is no rule about bots; allowed: " ~ allowed | join(', '),
            'correct the argument bots of sessions'
        ) -%}
    {%- endfor -%}
    {%- for rule in ['per_minute', 'per_session'] if rule in bots -%}
        {%- if bots[rule] is not integer or bots[rule] < 1 -%}
            {%- do feature_refusal(
                rule ~ ' of bots is ' ~ bots[rule] ~ '; allowed: a whole number from 1',
                'correct the argument bots of sessions'
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if ('agent' in bots) != ('agents' in bots) -%}
        {%- do feature_refusal(
            'bots names only one of agent, the column, and agents, the words that give a bot away',
            'give both, or neither'
        ) -%}
    {%- endif -%}
    {%- set words = [bots.agents] if bots.agents is string else bots.agents or [] -%}
    {%- if 'agents' in bots and ('' in words or not words) -%}
        {%- do feature_refusal(
            'agents of bots is ' ~ bots.agents ~ '; allowed: a word, or a list of one or more, '
            ~ 'none of them empty',
            'correct the argument bots of sessions, or leave agent and agents out'
        ) -%}
    {%- endif -%}
    {{ return([bots.agent] if bots.agent else []) }}
{% endmacro %}
