with buckets as (
    select
        observed_on,
        substr(customer_key, 1, 3) as bucket,
        count(*) as n_customers
    from {{ ref('int_purchase_history') }}
    group by observed_on, substr(customer_key, 1, 3)
),

cumulated as (
    select
        observed_on,
        bucket,
        n_customers,
        sum(n_customers) over (
            partition by observed_on
            order by bucket
            rows between unbounded preceding and current row
        ) as n_through
    from buckets
),

final as (
    select
        observed_on,
        coalesce(max(case when n_through <= {{ var('clv_fit_customers') }} then bucket end), min(bucket))
            as last_bucket,
        cast(sum(n_customers) as bigint) as n_customers
    from cumulated
    group by observed_on
)

select * from final
