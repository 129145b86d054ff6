{#-
The body of every stg_<entity>__checked: landed rows with strict casts, and the rules that each look at one row. `name`
is the entity.

The columns, their types and the rules are declared in models/staging/entities/<entity>.yml. Two rules apply to every
entity: the key exists, and text that is not NULL can be cast. `rounded_columns` lists the numbers that had more
decimals than their type keeps, `lost_columns` the IDs that are NULL because a spreadsheet has cut off their digits.
-#}
{% macro checked_rows(name) -%}
{%- set spec = entity(name) -%}
{%- set typed = [] -%}
{%- for column, definition in spec.columns.items() if definition | length == 2 -%}
    {%- do typed.append(column) -%}
{%- endfor -%}
{%- set numbers = [] -%}
{%- for column in typed if spec.columns[column][0] in decimals_of() -%}
    {%- do numbers.append(column) -%}
{%- endfor -%}
{%- set lost = [] -%}
{%- for column in spec.ids -%}
    {%- do lost.append([column, has_lost_digits(column)]) -%}
{%- endfor -%}
with landed as (
    {{ rows_to_check(name) }}
),

typed as (
    select
        source,
        {%- for column, definition in spec.columns.items() %}
        {%- if column in spec.ids %}
        case when not {{ has_lost_digits(column) }} then {{ column }} end as {{ column }},
        {%- else %}
        {{ cast_canonical(column, definition[0]) }} as {{ column }},
        {%- endif %}
        {%- endfor %}
        {%- for column in typed %}
        {{ column }} as {{ column }}_text,
        {%- endfor %}
        {{ names_of(lost) }} as lost_columns,
        file_on,
        landed_on,
        content_hash,
        batch,
        file_name,
        part,
        record,
        line,
        raw
    from landed
),

dated as (
    select
        *,
        {{ event_date(spec) }} as event_on,
        {{ business_date('updated_at') }} as updated_on,
        {{ event_time(spec) }} as event_time
    from typed
),

{%- set found = [] -%}
{%- do found.append([spec.prefix ~ '-001', texts_are_null(spec, spec.key, ' or ')]) -%}
{%- for column in typed -%}
    {%- do found.append([spec.columns[column][1], column ~ '_text is not null and ' ~ column ~ ' is null']) -%}
{%- endfor -%}
{%- for rule in spec.rules -%}
    {%- do found.append([rule.code, condition_of(spec, rule)]) -%}
{%- endfor -%}
{%- set rounded = [] -%}
{%- for column in numbers -%}
    {%- do rounded.append([column, is_rounded(column ~ '_text', spec.columns[column][0])]) -%}
{%- endfor %}

checked as (
    select
        *,
        {{ names_of(found) }} as broken_rules,
        {{ names_of(rounded) }} as rounded_columns
    from dated
)

select
    source,
    {%- for column in spec.columns %}
    {{ column }},
    {%- endfor %}
    file_on,
    event_on,
    coalesce(updated_at, {{ start_of_business_date('file_on') }}, event_time) as effective_at,
    coalesce(updated_on, file_on, event_on) as effective_on,
    content_hash,
    batch,
    file_name,
    part,
    record,
    line,
    broken_rules,
    broken_rules = '' as is_accepted,
    rounded_columns,
    lost_columns,
    case
        when broken_rules <> ''
        then nullif(concat_ws(
            '|'
            {%- for column in spec.key %},
            {{ column ~ ('_text' if column in typed else '') }}
            {%- endfor %}
        ), '')
    end as row_key,
    case when broken_rules <> '' then raw end as raw
from checked
{%- endmacro %}

{#-
The names whose condition is true, in order, joined by commas. `conditions` is a list of [name, condition]. Most rows
have no such name, so text is built only for the other rows.
-#}
{% macro names_of(conditions) -%}
    {%- if not conditions -%} {{ return("''") }} {%- endif -%}
    case
            when
                {%- for name, condition in conditions %}
                ({{ condition }}){{ ' or' if not loop.last }}
                {%- endfor %}
                then concat_ws(
                    ', ',
                    {%- for name, condition in conditions %}
                    case when {{ condition }} then '{{ name }}' end{{ ',' if not loop.last }}
                    {%- endfor %}
                )
            else ''
        end
{%- endmacro %}

{#- The business date of the entity's event. `spec` is the entity's declaration. A DATE column is not converted. -#}
{% macro event_date(spec) -%}
    {%- if spec.event is none -%} cast(null as date)
    {%- elif spec.columns[spec.event][0] == 'date' -%} {{ spec.event }}
    {%- else -%} {{ business_date(spec.event) }}
    {%- endif -%}
{%- endmacro %}

{#- The UTC timestamp of the entity's event; for a DATE column, the start of that day. -#}
{% macro event_time(spec) -%}
    {%- if spec.event is none -%} cast(null as timestamp)
    {%- elif spec.columns[spec.event][0] == 'date' -%} {{ start_of_business_date(spec.event) }}
    {%- else -%} {{ spec.event }}
    {%- endif -%}
{%- endmacro %}

{#- The entities that have numbers with decimals. -#}
{% macro entities_with_decimals() -%}
    {%- set names = [] -%}
    {%- for name in entities() -%}
        {%- for definition in entity(name).columns.values() if definition[0] in decimals_of() and name not in names -%}
            {%- do names.append(name) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(names) }}
{%- endmacro %}

{#- The entities with columns that hold IDs. -#}
{% macro entities_with_ids() -%}
    {%- set found = [] -%}
    {%- for name in entities() if entity(name).ids -%}
        {%- do found.append(name) -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}
