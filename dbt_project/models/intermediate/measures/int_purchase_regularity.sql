with purchases as (
    {{ purchase_days() }}
),

gaps as (
    select
        customer_key,
        day_on,
        cast({{ days_between('day_on', 'previous_purchase_on') }} as bigint) as gap_days
    from purchases
),

-- the last gaps up to each purchase day, as sums of whole numbers
summed as (
    select
        customer_key,
        day_on as bought_on,
        lead(day_on) over (partition by customer_key order by day_on) as next_bought_on,
        count(gap_days) over last_gaps as n_gaps,
        cast(sum(gap_days) over last_gaps as bigint) as sum_days,
        cast(sum(gap_days * gap_days) over last_gaps as bigint) as sum_squared_days
    from gaps
    window last_gaps as (
        partition by customer_key order by day_on
        rows between {{ var('measure_regularity_max_gaps') - 1 }} preceding and current row
    )
),

-- s^2 / (m (m - 1)) in whole numbers; a mean gap of one day leaves no room for chance
measured as (
    select
        *,
        case
            when sum_days > n_gaps
                then {{ divide(
                    'n_gaps * (n_gaps * sum_squared_days - sum_days * sum_days)',
                    '(n_gaps - 1) * sum_days * (sum_days - n_gaps)',
                    6, 0
                ) }}
        end as regularity_ratio
    from summed
    where n_gaps >= {{ var('measure_regularity_min_gaps') }}
),

limits as (
    select * from {{ ref('regularity_limits') }}
),

final as (
    select
        measured.customer_key,
        measured.bought_on,
        measured.next_bought_on,
        cast(measured.n_gaps as integer) as n_gaps,
        measured.regularity_ratio,
        measured.regularity_ratio < limits.regularity_limit as is_below_limit
    from measured
    left join limits
        on measured.n_gaps >= limits.n_gaps_from and measured.n_gaps <= limits.n_gaps_to
)

select * from final
