with facts as (
    select * from {{ ref('int_explained_fact') }}
),

evidence as (
    select * from {{ ref('customer_evidence') }}
    where is_counted
),

loyalty as (
    select * from {{ ref('customer_loyalty') }}
),

listed as (
    select
        customer_key,
        'fact' as step,
        fact_rank as position,
        'explanation' as code_set,
        code,
        detail,
        value,
        cast(null as decimal(18, 4)) as threshold,
        cast(null as decimal(9, 4)) as weight,
        cast(null as decimal(9, 4)) as effect,
        occurred_on,
        n_facts,
        source,
        record_key,
        case code
            when 'order' then 'fct_order'
            when 'return' then 'fct_return'
            when 'interaction' then 'fct_interaction'
            when 'case' then 'fct_case'
            when 'referral' then 'fct_referral'
            else 'fct_survey_answer'
        end as mart,
        case code
            when 'order' then 'net_amount'
            when 'return' then 'return_amount'
            when 'interaction' then 'sentiment_score'
            when 'answer' then 'answer_score'
        end as column_name
    from facts

    union all

    select
        customer_key,
        'evidence' as step,
        1 as position,
        'explanation' as code_set,
        part as code,
        dimension as detail,
        cast(score as decimal(18, 4)) as value,
        cast(mean_score as decimal(18, 4)) as threshold,
        weight,
        score_effect as effect,
        latest_on as occurred_on,
        n_evidence as n_facts,
        cast(null as string) as source,
        cast(null as string) as record_key,
        'customer_evidence' as mart,
        'score' as column_name
    from evidence
    {%- for row in explanation_steps() %}

    union all

    select
        customer_key,
        '{{ row.step }}' as step,
        {{ loop.index }} as position,
        '{{ row.code_set }}' as code_set,
        {{ row.code }} as code,
        {{ row.detail }} as detail,
        cast({{ row.value }} as decimal(18, 4)) as value,
        cast({{ row.threshold }} as decimal(18, 4)) as threshold,
        cast({{ row.weight }} as decimal(9, 4)) as weight,
        cast(null as decimal(9, 4)) as effect,
        cast(null as date) as occurred_on,
        cast(null as integer) as n_facts,
        cast(null as string) as source,
        cast(null as string) as record_key,
        'customer_loyalty' as mart,
        {{ row.column }} as column_name
    from loyalty
    where {{ row.when }}
    {%- endfor %}
)

select
    {{ as_of_date() }} as as_of_on,
    customer_key,
    step,
    position,
    code_set,
    code,
    cast(detail as string) as detail,
    value,
    threshold,
    cast(case when step = 'distance' then threshold - value end as decimal(18, 4)) as remaining,
    weight,
    effect,
    occurred_on,
    n_facts,
    source,
    record_key,
    mart,
    column_name
from listed
