with facts as (
    select
        customer_key,
        'order' as code,
        channel as detail,
        cast(net_amount as decimal(18, 4)) as value,
        ordered_at as occurred_at,
        ordered_on as occurred_on,
        source,
        {{ hash_key(['source', 'order_id']) }} as record_key
    from {{ ref('int_order') }}
    where is_purchase

    union all

    select
        customer_key,
        'return' as code,
        fault as detail,
        cast(return_amount as decimal(18, 4)) as value,
        returned_at as occurred_at,
        returned_on as occurred_on,
        source,
        {{ hash_key(['source', 'return_id']) }} as record_key
    from {{ ref('int_return') }}

    union all

    select
        customer_key,
        'interaction' as code,
        kind as detail,
        cast(sentiment_score as decimal(18, 4)) as value,
        occurred_at,
        occurred_on,
        source,
        interaction_key as record_key
    from {{ ref('int_interaction') }}

    union all

    select
        customer_key,
        'case' as code,
        kind as detail,
        cast(null as decimal(18, 4)) as value,
        opened_at as occurred_at,
        opened_on as occurred_on,
        source,
        case_key as record_key
    from {{ ref('int_case') }}

    union all

    select
        referrer_customer_key as customer_key,
        'referral' as code,
        cast(null as string) as detail,
        cast(null as decimal(18, 4)) as value,
        referred_at as occurred_at,
        referred_on as occurred_on,
        source,
        referral_key as record_key
    from {{ ref('int_referral') }}
    where not is_self_referral

    union all

    select
        customer_key,
        'answer' as code,
        construct as detail,
        cast(answer_score as decimal(18, 4)) as value,
        answered_at as occurred_at,
        answered_on as occurred_on,
        source,
        answer_key as record_key
    from {{ ref('int_survey_answer') }}
),

ranked as (
    select
        *,
        count(*) over (partition by customer_key, code) as n_facts,
        row_number() over (
            partition by customer_key, code
            order by occurred_on desc nulls last, occurred_at desc nulls last, record_key desc nulls last
        ) as fact_rank
    from facts
    where customer_key is not null
)

select
    customer_key,
    code,
    detail,
    value,
    occurred_on,
    source,
    record_key,
    cast(n_facts as integer) as n_facts,
    cast(fact_rank as integer) as fact_rank
from ranked
where fact_rank <= {{ explained_facts() }}
