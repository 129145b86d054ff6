{{ config(materialized='table') }}

with ledger as (
    select
        source,
        batch,
        entity,
        file_name,
        file_on,
        landed_rows
    from {{ landed('ledger') }}
    where landed_rows > 0
),
{%- for name in entities() %}
{%- set key = ['source'] + entity(name).key %}

{{ name }}_placed as (
    select
        checked.*,
        coalesce(batches.n_later, 0) as n_later_deliveries,
        checked.broken_rules = '' as is_accepted,
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
),

{{ name }}_ranked as (
    select
        placed.batch,
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

-- what lost to another version though nothing says which of them is newer
{{ name }}_conflicts as (
    select
        *,
        is_accepted
        and not is_replaced
        and version_rank > 1
        and content_hash <> winner_hash
        and coalesce(updated_at = winner_updated_at, updated_at is null and winner_updated_at is null)
        and coalesce(file_on = winner_file_on, file_on is null and winner_file_on is null)
        and n_later_deliveries = winner_n_later as is_conflicting
    from {{ name }}_ranked
),

{{ name }} as (
    select
        batch,
        '{{ name }}' as entity,
        sum(case when is_accepted and version_rank = 1 and not is_replaced then 1 else 0 end) as accepted_rows,
        sum(case when is_accepted then 0 else 1 end) as quarantined_rows,
        sum(case when is_accepted and (version_rank > 1 or is_replaced) then 1 else 0 end) as superseded_rows,
        sum(case when is_conflicting and batch = winner_batch then 1 else 0 end) as conflicting_rows,
        sum(case when is_conflicting and batch = winner_batch then amount end) as conflicting_amount,
        sum(case when is_conflicting and batch <> winner_batch then 1 else 0 end) as undated_rows,
        sum(case when is_conflicting and batch <> winner_batch then amount end) as undated_amount
    from {{ name }}_conflicts
    group by batch
),
{%- endfor %}

staged as (
    {% for name in entities() -%}
    select * from {{ name }}
    {% if not loop.last -%} union all
    {% endif -%}
    {% endfor %}
)

select
    coalesce(ledger.source, '') as source,
    coalesce(ledger.batch, staged.batch) as batch,
    coalesce(ledger.entity, staged.entity) as entity,
    ledger.file_name,
    ledger.file_on,
    cast(coalesce(ledger.landed_rows, 0) as bigint) as landed_rows,
    cast(coalesce(staged.accepted_rows, 0) as bigint) as accepted_rows,
    cast(coalesce(staged.quarantined_rows, 0) as bigint) as quarantined_rows,
    cast(coalesce(staged.superseded_rows, 0) as bigint) as superseded_rows,
    cast(coalesce(staged.conflicting_rows, 0) as bigint) as conflicting_rows,
    cast(staged.conflicting_amount as decimal(18, 2)) as conflicting_amount,
    cast(coalesce(staged.undated_rows, 0) as bigint) as undated_rows,
    cast(staged.undated_amount as decimal(18, 2)) as undated_amount
from ledger
full outer join staged
    on ledger.batch = staged.batch and ledger.entity = staged.entity
