with validation as (
    select * from {{ source('exchange', 'value_validation') }}
),

final as (
    select
        {{ as_of_date() }} as as_of_on,
        cast(cut_on as date) as cut_on,
        cast(holdout_days as integer) as holdout_days,
        part,
        forecast,
        fitted_model,
        cast(bin as integer) as bin,
        cast(low as double) as low,
        cast(high as double) as high,
        cast(n_customers as bigint) as n_customers,
        cast(predicted as double) as predicted,
        cast(actual as double) as actual,
        cast(deviance as double) as deviance,
        cast(deviance_gap as double) as deviance_gap,
        cast(deviance_gap_error as double) as deviance_gap_error,
        cast(mean_absolute_error as double) as mean_absolute_error,
        cast(total_error as double) as total_error,
        is_chosen,
        beats_naive,
        cast(seasonal_index as double) as seasonal_index
    from validation
)

select * from final
