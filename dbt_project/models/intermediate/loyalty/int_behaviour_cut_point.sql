{%- set parts = {
    'spend': 'spend_value',
    'frequency': 'frequency_value',
    'recency': 'recency_value',
    'breadth': 'breadth_value',
} %}

with active_customers as (
    select *
    from {{ ref('int_behaviour_value') }}
    where is_active
),

cuts as (
    select
        {{ cut_point_arrays(parts, 20) }}
    from active_customers
),

final as (
    select
        {{ cut_point_columns(parts, 20) }}
    from cuts
)

select * from final
