{# Which of the declared rules a session breaks first, null for none: it counts for the session as
   a whole, and nothing is left out because of it. #}
{% macro session_bot_reason(bots, whole) -%}
    {%- if bots -%}
        case
            {%- if bots.agent %}
            when max(
                case
                    {%- for word in ([bots.agents] if bots.agents is string else bots.agents) %}
                    when position('{{ word | lower | replace("'", "''") }}' in lower({{ adapter.quote(bots.agent) }})) > 0
                        then 1
                    {%- endfor %}
                    else 0
                end
            ) over ({{ whole }}) = 1 then 'agent'
            {%- endif %}
            {%- if bots.per_minute %}
            when max(_within_minute) over ({{ whole }}) > {{ bots.per_minute }} then 'per_minute'
            {%- endif %}
            {%- if bots.per_session %}
            when count(*) over ({{ whole }}) > {{ bots.per_session }} then 'per_session'
            {%- endif %}
        end
    {%- else -%}
        cast(null as string)
    {%- endif -%}
{%- endmacro %}
