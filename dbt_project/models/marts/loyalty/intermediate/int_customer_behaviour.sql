{%- set weights = var('loyalty_behaviour_weights') -%}
{%- set scores = {} -%}
{%- for part, weight in weights.items() -%}{%- do scores.update({part ~ '_score': weight}) -%}{%- endfor %}

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
        {% for part in weights -%}
        {{ cuts_below('cut_points', part, 'customers.' ~ part ~ '_value', 20) }} as {{ part }}_band{{ ',' if not loop.last }}
        {% endfor %}
    from customers
    cross join cut_points

),

-- Twenty bands, 0 to 19, spread evenly over 0 to 100.
scored as (

    select
        customer_key,
        n_purchase_days,
        is_active,
        {% for part in weights -%}
        cast({{ divide('100 * ' ~ part ~ '_band', '19', 4) }} as decimal(9, 4)) as {{ part }}_score{{ ',' if not loop.last }}
        {% endfor %}
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
        {% for score in scores -%}
        {{ score }},
        {% endfor -%}
        cast({{ divide('score_sum', 'weight', 4) }} as decimal(9, 4)) as behaviour_score,
        cast({{ divide('weight', weights.values() | sum | round(4), 4) }} as decimal(9, 4)) as coverage_share
    from weighted

)

select * from final
