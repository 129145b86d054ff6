{{ config(materialized='table') }}

with followed as (
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
        followed.source,
        followed.file_name,
        batches.delivery
    from followed
    inner join {{ ref('stg_batch') }} as batches
        on followed.source = batches.source and followed.batch = batches.batch
    where followed.n_later = 0
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

every as (
    {% for name in entities() -%}
    select * from {{ name }}
    {% if not loop.last -%} union all
    {% endif -%}
    {% endfor %}
)

-- a content that is in force under another name is not replaced; the outcome that keeps most comes first by name
select
    every.entity,
    every.source,
    every.batch,
    every.key_1,
    every.key_2,
    min(every.file_name) as file_name,
    min(every.file_on) as file_on,
    min(every.event_on) as event_on,
    min(every.amount) as amount,
    min(every.currency) as currency,
    max(case when every.is_accepted then 1 else 0 end) = 1 as is_accepted,
    max(case when every.is_last then 1 else 0 end) = 1 as is_last,
    min(every.outcome) as outcome
from every
left join in_force
    on every.source = in_force.source and every.batch = in_force.batch
where in_force.batch is null
group by every.entity, every.source, every.batch, every.key_1, every.key_2
