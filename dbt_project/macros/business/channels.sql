{#- The codes of channels (seed channels), in the order in which columns are named after them; `unknown` is not one. -#}
{% macro channel_codes() -%}
    {{ return([
        'store', 'web', 'app', 'phone', 'email', 'chat', 'messaging', 'social', 'marketplace', 'mail', 'partner', 'other',
    ]) }}
{%- endmacro %}
