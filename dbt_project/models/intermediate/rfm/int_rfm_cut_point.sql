{%- set parts = {'r': '-recency_days', 'f': 'frequency', 'm': 'monetary_amount'} %}

with active_customers as (
    select *
    from {{ ref('int_rfm_value') }}
    where is_active
),

cuts as (
    select
        observed_on,
        {{ cut_point_arrays(parts, 5) }}
    from active_customers
    group by observed_on
),

final as (
    select
        observed_on,
        {{ cut_point_columns(parts, 5) }}
    from cuts
)

select * from final
