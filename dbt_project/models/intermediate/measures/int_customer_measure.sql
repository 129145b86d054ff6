with customers as (
    select customer_key from {{ ref('int_customer') }}
),

regularity as (
    select * from {{ ref('int_customer_regularity') }}
    where observed_on = {{ as_of_date() }}
),

discounts as (
    select * from {{ ref('int_customer_discount') }}
    where observed_on = {{ as_of_date() }}
),

prices as (
    select * from {{ ref('int_customer_price') }}
    where observed_on = {{ as_of_date() }}
),

brands as (
    select * from {{ ref('int_customer_brand') }}
),

recommendations as (
    select * from {{ ref('int_customer_recommendation') }}
),

tolerances as (
    select * from {{ ref('int_customer_tolerance') }}
    where observed_on = {{ as_of_date() }}
),

answers as (
    select
        customer_key,
        score as price_tolerance_score
    from {{ ref('int_customer_construct') }}
    where observed_on = {{ as_of_date() }} and construct = 'price_tolerance' and is_known
),

months as (
    select
        customer_key,
        active_months,
        12 * (extract(year from observed_on) - extract(year from first_purchase_on))
        + extract(month from observed_on) - extract(month from first_purchase_on) + 1 as n_months
    from {{ ref('int_customer_summary') }}
    where observed_on = {{ as_of_date() }} and n_purchase_days > 0
),

final as (
    select
        customers.customer_key,
        regularity.n_gaps as n_regularity_gaps,
        regularity.regularity_ratio,
        regularity.is_regular,
        brands.favourite_brand,
        brands.n_brands,
        brands.favourite_brand_share,
        discounts.discount_dependence_share,
        answers.price_tolerance_score,
        prices.price_premium_share,
        case
            when answers.customer_key is not null then 'answered'
            when prices.price_premium_share is not null then 'inferred'
            else 'unknown'
        end as price_tolerance_basis,
        coalesce(recommendations.n_referrals, 0) as n_referrals,
        coalesce(recommendations.n_promoter_answers, 0) as n_promoter_answers,
        cast({{ divide('months.active_months', 'months.n_months', 4, 0) }} as decimal(9, 4)) as active_month_share,
        coalesce(tolerances.n_grievances, 0) as n_grievances,
        coalesce(tolerances.n_grievances_followed, 0) as n_grievances_followed,
        tolerances.tolerance_share,
        tolerances.tolerance_excess_share
    from customers
    left join regularity on customers.customer_key = regularity.customer_key
    left join discounts on customers.customer_key = discounts.customer_key
    left join prices on customers.customer_key = prices.customer_key
    left join brands on customers.customer_key = brands.customer_key
    left join recommendations on customers.customer_key = recommendations.customer_key
    left join tolerances on customers.customer_key = tolerances.customer_key
    left join answers on customers.customer_key = answers.customer_key
    left join months on customers.customer_key = months.customer_key
)

select * from final
