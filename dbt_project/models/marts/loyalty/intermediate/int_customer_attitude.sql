{%- set weights = var('loyalty_attitude_weights') -%}
{%- set scores = {} -%}
{%- for part, weight in weights.items() -%}{%- do scores.update({part ~ '_score': weight}) -%}{%- endfor %}

with answers as (

    select * from {{ ref('int_customer_answer') }}

),

-- One row a customer, one column a part; a part is a construct of the same name.
spread as (

    select
        customer_key,
        {% for part in weights -%}
        max(case when construct = '{{ part }}' then decayed_score end) as {{ part }}_score,
        {% endfor -%}
        max(case when construct = 'brand_preference' then decayed_score end) as brand_preference_score,
        sum(case when construct <> 'brand_preference' then n_answers else 0 end) as n_answers,
        sum(case when construct <> 'brand_preference' then n_effective_answers else 0 end) as n_effective_answers
    from answers
    where construct in ('brand_preference', '{{ weights.keys() | join("', '") }}')
    group by customer_key

),

weighted as (

    select
        *,
        {{ weighted_sum(scores) }} as score_sum,
        {{ known_weight(scores) }} as weight
    from spread

),

final as (

    select
        customer_key,
        {% for score in scores -%}
        {{ score }},
        {% endfor -%}
        cast({{ divide('score_sum', 'weight', 4) }} as decimal(9, 4)) as attitude_score,
        brand_preference_score,
        cast(n_answers as integer) as n_answers,
        cast(n_effective_answers as decimal(18, 4)) as n_effective_answers,
        cast({{ divide('weight', weights.values() | sum | round(4), 4) }} as decimal(9, 4)) as coverage_share
    from weighted

)

select * from final
