{#-
Every landed row of the entity `name`, with is_accepted, is_replaced and the given `columns`. `where` restricts the
rows.
-#}
{% macro placed_versions(name, columns, where='1 = 1') -%}
    select
        {%- for column in columns %}
        {{ column }},
        {%- endfor %}
        {%- if 'checked.*' not in columns %}
        checked.is_accepted,
        {%- endif %}
        {{ 'replaced_lines.batch is not null or ' if name == 'order_lines' }}
        {{- is_replaced(name, 'checked') }} as is_replaced
    from {{ ref('stg_' ~ name ~ '__checked') }} as checked
    left join {{ ref('stg_batch') }} as batches
        on checked.source = batches.source and checked.batch = batches.batch and batches.entity = '{{ name }}'
    {%- if name == 'order_lines' %}
    left join {{ ref('stg_replaced_line') }} as replaced_lines
        on
            checked.batch = replaced_lines.batch
            and checked.record = replaced_lines.record
            and checked.content_hash = replaced_lines.content_hash
    {%- endif %}
    where {{ where }}
{%- endmacro %}

{#- The keys with more than one accepted row, for ranked_versions. -#}
{% macro keys_with_versions(name) -%}
{%- set key = ['source'] + entity(name).key -%}
select {{ key | join(', ') }}
from {{ ref('stg_' ~ name ~ '__checked') }}
where is_accepted = true
group by {{ key | join(', ') }}
having count(*) > 1
{%- endmacro %}

{#- The keys of the rows in some batches, for ranked_versions. `batches` is a query of batches. -#}
{% macro keys_of_batches(name, batches) -%}
select {{ (['source'] + entity(name).key) | join(', ') }}
from {{ ref('stg_' ~ name ~ '__checked') }}
where batch in ({{ batches }})
{%- endmacro %}

{#-
The batches that have a key of some batches. Order lines are taken by their order, because a complete list of an order's
lines replaces its other lines; an order without lines can be such a list.
-#}
{% macro batches_that_share_keys(name, batches) -%}
{%- set read = ['order_lines', 'orders'] if name == 'order_lines' else [name] -%}
{%- set key = (['source', 'order_id'] if name == 'order_lines' else ['source'] + entity(name).key) | join(', ') -%}
select batch
from {{ ref('stg_' ~ name ~ '__checked') }}
where
    ({{ key }}) in (
        {%- for other in read %}
        select {{ key }} from {{ ref('stg_' ~ other ~ '__checked') }}
        where batch in ({{ batches }})
        {{ 'union' if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}

{#-
CTEs with every version of some keys of the entity `name`, ranked by latest_first. The last CTE is <entity>_conflicts.
is_conflicting: an accepted row that does not count, because another version counts, although no date and no delivery
shows which of them is newer. Deletions do not conflict: each of them counts.

`keys` is a query of the keys. Most keys have only one version, and ranking every key would sort whole entities.
-#}
{% macro ranked_versions(name, keys) -%}
{%- set key = ['source'] + entity(name).key -%}
{{ name }}_placed as (
    {{ placed_versions(
        name,
        ['checked.*', 'coalesce(batches.n_later, 0) as n_later_deliveries'],
        '(checked.' ~ key | join(', checked.') ~ ') in (' ~ keys ~ ')'
    ) }}
),

{{ name }}_ranked as (
    select
        placed.source,
        {% for column in entity(name).key -%}
        cast(placed.{{ column }} as string) as key_{{ loop.index }},
        {% endfor -%}
        {% if entity(name).key | length == 1 %}cast(null as string) as key_2,{% endif %}
        placed.batch,
        placed.file_name,
        placed.part,
        placed.record,
        placed.line,
        placed.is_accepted,
        placed.is_replaced,
        placed.content_hash,
        placed.updated_at,
        placed.file_on,
        placed.n_later_deliveries,
        {{ reported_money_of(name, 'placed') }} as amount,
        row_number() over version_order as version_rank,
        first_value(placed.batch) over version_order as winner_batch,
        first_value(placed.content_hash) over version_order as winner_hash,
        first_value(placed.updated_at) over version_order as winner_updated_at,
        first_value(placed.n_later_deliveries) over version_order as winner_n_later,
        first_value(placed.file_on) over version_order as winner_file_on
    from {{ name }}_placed as placed
    window version_order as (
        partition by placed.is_accepted, placed.{{ key | join(', placed.') }}
        order by placed.is_replaced, {{ latest_first('placed') }}
    )
),

{{ name }}_conflicts as (
    select
        *,
        is_accepted
        and not is_replaced
        and version_rank > 1
        and content_hash <> winner_hash
        and coalesce(updated_at = winner_updated_at, updated_at is null and winner_updated_at is null)
        and coalesce(file_on = winner_file_on, file_on is null and winner_file_on is null)
        and n_later_deliveries = winner_n_later
        {{- ' and false' if name == 'deletions' }} as is_conflicting
    from {{ name }}_ranked
)
{%- endmacro %}
