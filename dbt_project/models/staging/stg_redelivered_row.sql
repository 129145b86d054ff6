{{ config(materialized='table') }}

with redelivered as (
    select
        deliveries.source,
        deliveries.file_name,
        deliveries.batch,
        deliveries.sequence,
        deliveries.n_later
    from {{ ref('stg_delivery') }} as deliveries
    where deliveries.n_contents > 1
),

latest as (
    select distinct
        redelivered.source,
        redelivered.file_name,
        batches.delivery
    from redelivered
    inner join {{ ref('stg_batch') }} as batches
        on redelivered.source = batches.source and redelivered.batch = batches.batch
    where redelivered.n_later = 0
),

in_force as (
    select distinct
        source,
        batch
    from {{ ref('stg_batch') }}
    where n_later = 0
),

{% for name in entities() -%}
{{ redelivered_rows(name) }},

{% endfor -%}

unioned as (
    {% for name in entities() -%}
    select * from {{ name }}
    {% if not loop.last -%} union all
    {% endif -%}
    {% endfor %}
)

-- A batch is not replaced if it is still the latest delivery of another file name. If a row has several outcomes, the
-- alphabetical order selects the one that keeps most.
select
    unioned.entity,
    unioned.source,
    unioned.batch,
    unioned.key_1,
    unioned.key_2,
    min(unioned.file_name) as file_name,
    min(unioned.file_on) as file_on,
    min(unioned.event_on) as event_on,
    min(unioned.amount) as amount,
    min(unioned.currency) as currency,
    max(case when unioned.is_accepted then 1 else 0 end) = 1 as is_accepted,
    max(case when unioned.is_last then 1 else 0 end) = 1 as is_last,
    min(unioned.outcome) as outcome
from unioned
left join in_force
    on unioned.source = in_force.source and unioned.batch = in_force.batch
where in_force.batch is null
group by unioned.entity, unioned.source, unioned.batch, unioned.key_1, unioned.key_2
