-- two references of one person are no referral
with referrals as (
    select
        referrer_customer_key as customer_key,
        count(*) as n_referrals
    from {{ ref('int_referral') }}
    where referrer_customer_key is not null and not is_self_referral
    group by referrer_customer_key
),

answers as (
    select
        customer_key,
        count(*) as n_nps_answers,
        sum(case when nps_category = 'promoter' then 1 else 0 end) as n_promoter_answers
    from {{ ref('int_survey_answer') }}
    where customer_key is not null and nps_category is not null
    group by customer_key
),

final as (
    select
        coalesce(referrals.customer_key, answers.customer_key) as customer_key,
        cast(coalesce(referrals.n_referrals, 0) as integer) as n_referrals,
        cast(coalesce(answers.n_nps_answers, 0) as integer) as n_nps_answers,
        cast(coalesce(answers.n_promoter_answers, 0) as integer) as n_promoter_answers
    from referrals
    full outer join answers on referrals.customer_key = answers.customer_key
)

select * from final
