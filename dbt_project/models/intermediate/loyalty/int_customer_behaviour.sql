{%- set weights = var('loyalty_behaviour_weights') %}
{%- set scores = {
    'spend_score': weights.spend,
    'frequency_score': weights.frequency,
    'recency_score': weights.recency,
    'breadth_score': weights.breadth,
} %}

with customers as (
    select * from {{ ref('int_behaviour_value') }}
),

cut_points as (
    select * from {{ ref('int_behaviour_cut_point') }}
),

banded as (
    select
        customers.customer_key,
        customers.n_purchase_days,
        customers.is_active,
        {{ mid_rank_band('cut_points', 'spend', 'customers.spend_value', 20) }} as spend_band,
        {{ mid_rank_band('cut_points', 'frequency', 'customers.frequency_value', 20) }} as frequency_band,
        {{ mid_rank_band('cut_points', 'recency', 'customers.recency_value', 20) }} as recency_band,
        {{ mid_rank_band('cut_points', 'breadth', 'customers.breadth_value', 20) }} as breadth_band
    from customers
    cross join cut_points
),

-- Bands 0 to 19 become scores at equal steps from 0 to 100.
scored as (
    select
        customer_key,
        n_purchase_days,
        is_active,
        cast({{ divide('100 * spend_band', '19', 4, 0) }} as decimal(9, 4)) as spend_score,
        cast({{ divide('100 * frequency_band', '19', 4, 0) }} as decimal(9, 4)) as frequency_score,
        cast({{ divide('100 * recency_band', '19', 4, 0) }} as decimal(9, 4)) as recency_score,
        cast({{ divide('100 * breadth_band', '19', 4, 0) }} as decimal(9, 4)) as breadth_score
    from banded
),

weighted as (
    select
        *,
        {{ weighted_sum(scores) }} as score_sum,
        {{ known_weight(scores) }} as weight
    from scored
),

final as (
    select
        customer_key,
        n_purchase_days,
        is_active,
        spend_score,
        frequency_score,
        recency_score,
        breadth_score,
        cast({{ divide('score_sum', 'weight', 4) }} as decimal(9, 4)) as behaviour_score,
        cast({{ divide('weight', total_weight(scores), 4) }} as decimal(9, 4)) as coverage_share
    from weighted
)

select * from final
