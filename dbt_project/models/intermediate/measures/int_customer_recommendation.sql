with identities as (
    select
        source,
        customer_ref,
        customer_key
    from {{ ref('int_customer_identity') }}
),

-- two references of one person are no referral
referrals as (
    select
        referrers.customer_key,
        count(*) as n_referrals
    from {{ ref('int_referrals_as_of') }} as made
    inner join identities as referrers
        on made.source = referrers.source and made.referrer_ref = referrers.customer_ref
    left join identities as referred
        on made.source = referred.source and made.referred_ref = referred.customer_ref
    where referrers.customer_key <> coalesce(referred.customer_key, '')
    group by referrers.customer_key
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
