{#-
Labels of codes as columns, one per language, for the dimensions that BI tools read. Another language is one more entry
of languages(), besides its rows in the seed labels.
-#}

{% macro languages() -%}
    {{ return(['en', 'zh']) }}
{%- endmacro %}

{#- One row per code of a set: code, then `<name>_en`, `<name>_zh`. -#}
{% macro code_labels(code_set, name='label') -%}
    select
        code
        {%- for language in languages() %},
        max(case when language = '{{ language }}' then label end) as {{ name }}_{{ language }}
        {%- endfor %}
    from {{ ref('labels') }}
    where code_set = '{{ code_set }}'
    group by code
{%- endmacro %}

{#- One row per code, in this order: `column` and sort_order. -#}
{% macro ordered_codes(column, codes) -%}
    {%- for code in codes %}
    select
        '{{ code }}' as {{ column }},
        {{ loop.index }} as sort_order
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
{%- endmacro %}
