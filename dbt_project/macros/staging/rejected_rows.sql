{#-
Rejected rows are missing money. What a row of `checked` is worth, in its own currency and without sign; NULL if its columns
cannot be read. It is reported as the value at stake, and compared with the quarantine limits by value.
-#}
{% macro row_value(name) -%}
    cast(abs({{ money_of(name, 'checked') }}) as decimal(18, 2))
{%- endmacro %}

{#- The entities whose rows are worth money. -#}
{% macro money_entities() -%}
    {{ return(['orders', 'order_lines', 'payments', 'returns']) }}
{%- endmacro %}

{#-
Whether an accepted row resolves a rejected row of the same source and key: nothing shows that it is older. `updated_at`
decides if both rows have one, else the date of the file if both have one. Else (a file delivered again) a row of another
file resolves it, unless that file was itself delivered again (`n_later` deliveries of it followed).
-#}
{% macro resolves(accepted, rejected, n_later, updated_at='updated_at') -%}
    case
            when {{ accepted }}.updated_at <> {{ rejected }}.{{ updated_at }}
                then {{ accepted }}.updated_at > {{ rejected }}.{{ updated_at }}
            when {{ accepted }}.file_on <> {{ rejected }}.file_on then {{ accepted }}.file_on > {{ rejected }}.file_on
            else {{ accepted }}.batch <> {{ rejected }}.batch and {{ n_later }} = 0
        end
{%- endmacro %}

{#- The rows of <prefix><entity><suffix> for every entity with money, with the entity's key as (key_1, key_2). -#}
{% macro keyed_rows(prefix, suffix='', columns=[], where='1 = 1') -%}
    {%- for name in money_entities() -%}
    {%- set key = entity(name).key -%}
    select
        source,
        '{{ name }}' as entity,
        {{ key[0] }} as key_1,
        {{ key[1] if key | length > 1 else "''" }} as key_2
        {%- for column in columns %},
        {{ column }}
        {%- endfor %}
    from {{ ref(prefix ~ name ~ suffix) }}
    where {{ where }}
    {% if not loop.last -%}
    union all
    {% endif -%}
    {%- endfor -%}
{%- endmacro %}
