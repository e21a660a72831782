{% macro unescape_html(column) -%}
    {#- Twice escaped as delivered, `&amp;lt;` for `<`: the ampersand has to come back first. -#}
    {%- set characters = {
        '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "''", '&#40;': '(',
        '&#41;': ')', '&#45;': '-', '&#47;': '/', '&#60;': '<', '&#62;': '>', '&#174;': '®',
    } -%}
    {%- set unescaped = namespace(sql=column) -%}
    {%- for entity, character in characters.items() -%}
        {%- set pair = "'" ~ entity ~ "', '" ~ character ~ "'" -%}
        {%- set unescaped.sql = "replace(" ~ unescaped.sql ~ ", " ~ pair ~ ")" -%}
    {%- endfor -%}
    {{ unescaped.sql }}
{%- endmacro %}
