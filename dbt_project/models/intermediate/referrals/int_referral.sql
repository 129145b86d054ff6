with referrals as (
    select * from {{ ref('int_referrals_as_of') }}
),

identities as (
    select * from {{ ref('int_customer_identity') }}
),

final as (
    select
        {{ hash_key(['referrals.source', 'referrals.referral_id']) }} as referral_key,
        referrals.source,
        referrals.referral_id,
        referrers.customer_key as referrer_customer_key,
        referred.customer_key as referred_customer_key,
        referrals.referred_at,
        referrals.event_on as referred_on,
        -- two references of one person
        coalesce(referrers.customer_key = referred.customer_key, false) as is_self_referral
    from referrals
    left join identities as referrers
        on referrals.source = referrers.source and referrals.referrer_ref = referrers.customer_ref
    left join identities as referred
        on referrals.source = referred.source and referrals.referred_ref = referred.customer_ref
)

select * from final
