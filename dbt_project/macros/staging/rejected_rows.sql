{#-
The absolute value of a row of the entity `name` (relation `checked`) in its own currency; NULL if its columns cannot
be read. Rejected rows are money that is missing from the marts. Their value is reported, and compared with the
quarantine limits by value.
-#}
{% macro row_value(name) -%}
    cast(abs({{ money_of(name, 'checked') }}) as decimal(18, 2))
{%- endmacro %}

{#- The entities whose rows have a value in money. -#}
{% macro money_entities() -%}
    {{ return(['orders', 'order_lines', 'payments', 'returns']) }}
{%- endmacro %}

{#-
Whether an accepted row resolves a rejected row of the same source and key. It does, unless the accepted row is known
to be older:
- If both rows have an `updated_at` and these differ, the accepted row must have the later one.
- Otherwise, if both files have a date and these differ, the accepted row must be from the later file.
- Otherwise (for example a file that was delivered again) the accepted row must be from another file, and no later
  delivery of that file may exist.

`accepted` and `rejected` are relations, `n_later` the number of later deliveries of the accepted row's file,
`updated_at` the column of the rejected row that is compared.
-#}
{% macro resolves(accepted, rejected, n_later, updated_at='updated_at') -%}
    case
            when {{ accepted }}.updated_at <> {{ rejected }}.{{ updated_at }}
                then {{ accepted }}.updated_at > {{ rejected }}.{{ updated_at }}
            when {{ accepted }}.file_on <> {{ rejected }}.file_on then {{ accepted }}.file_on > {{ rejected }}.file_on
            else {{ accepted }}.batch <> {{ rejected }}.batch and {{ n_later }} = 0
        end
{%- endmacro %}

{#-
The rows of <prefix><entity><suffix> for every entity with money, with the entity's key as (key_1, key_2). `columns` are
selected too; `where` restricts the rows.
-#}
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
