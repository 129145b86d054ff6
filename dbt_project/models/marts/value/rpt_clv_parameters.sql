with parameters as (
    select * from {{ source('exchange', 'value_parameters') }}
),

final as (
    select
        {{ as_of_date() }} as as_of_on,
        cast(observed_on as date) as observed_on,
        model,
        asked_model,
        parameter,
        cast(estimate as double) as estimate,
        cast(standard_error as double) as standard_error,
        cast(log_likelihood as double) as log_likelihood,
        cast(n_population as bigint) as n_population,
        cast(n_customers as bigint) as n_customers,
        cast(n_cells as bigint) as n_cells,
        status,
        cast(spend_correlation as double) as spend_correlation
    from parameters
)

select * from final
