{{ config(materialized='view') }}

{%- set asked = ['attitude', 'emotion', 'cognition'] %}

with dimensions as (
    select *
    from {{ ref('int_customer_dimension') }}
    where observed_on = {{ as_of_date() }}
),

preferences as (
    select
        customer_key,
        score,
        raw_score
    from {{ ref('int_customer_construct') }}
    where observed_on = {{ as_of_date() }} and construct = 'brand_preference' and is_known
),

pivoted as (
    select
        {%- for name in asked %}
        max(case when dimension = '{{ name }}' then score end) as {{ name }}_score,
        max(case when dimension = '{{ name }}' then raw_score end) as {{ name }}_raw_score,
        max(case when dimension = '{{ name }}' then n_evidence end) as n_{{ name }}_evidence,
        max(case when dimension = '{{ name }}' then n_answers end) as n_{{ name }}_answers,
        max(case when dimension = '{{ name }}' then evidence_weight end) as {{ name }}_evidence_weight,
        max(case when dimension = '{{ name }}' then coverage_share end) as {{ name }}_coverage_share,
        max(case when dimension = '{{ name }}' then confidence_share end) as {{ name }}_confidence_share,
        {%- endfor %}
        customer_key
    from dimensions
    group by customer_key
),

final as (
    select
        coalesce(pivoted.customer_key, preferences.customer_key) as customer_key,
        {%- for name in asked %}
        pivoted.{{ name }}_score,
        pivoted.{{ name }}_raw_score,
        pivoted.n_{{ name }}_evidence,
        pivoted.n_{{ name }}_answers,
        pivoted.{{ name }}_evidence_weight,
        pivoted.{{ name }}_coverage_share,
        pivoted.{{ name }}_confidence_share,
        {%- endfor %}
        preferences.score as brand_preference_score,
        preferences.raw_score as brand_preference_raw_score
    from pivoted
    full outer join preferences on pivoted.customer_key = preferences.customer_key
)

select * from final
