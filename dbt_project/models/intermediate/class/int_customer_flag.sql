{{ config(materialized='view') }}

{%- set asked = ['attitude', 'emotion', 'cognition'] %}

with dimensions as (
    select * from {{ ref('int_customer_dimension') }}
),

preferences as (
    select
        customer_key,
        observed_on,
        {{ is_high_share('top_share', 'raw_top_share') }} as is_high
    from {{ ref('int_customer_construct') }}
    where construct = 'brand_preference' and is_known
),

pivoted as (
    select
        {%- for name in asked %}
        max(case when dimension = '{{ name }}' and is_known then case when is_high then 1 else 0 end end)
            as {{ name }}_flag,
        max(case when dimension = '{{ name }}' then evidence_weight end) as {{ name }}_weight,
        {%- endfor %}
        customer_key,
        observed_on
    from dimensions
    group by customer_key, observed_on
),

final as (
    select
        coalesce(pivoted.customer_key, preferences.customer_key) as customer_key,
        coalesce(pivoted.observed_on, preferences.observed_on) as observed_on,
        {%- for name in asked %}
        pivoted.{{ name }}_flag = 1 as has_high_{{ name }},
        coalesce(pivoted.{{ name }}_weight, 0) as {{ name }}_weight,
        {%- endfor %}
        preferences.is_high as has_high_preference
    from pivoted
    full outer join preferences
        on pivoted.customer_key = preferences.customer_key and pivoted.observed_on = preferences.observed_on
)

select * from final
