with parameters as (
    select * from {{ source('exchange', 'value_parameters') }}
),

-- Each model writes one row a parameter, all with its status.
fits as (
    select
        max(case when model <> 'gamma_gamma' then model end) as purchase_model,
        max(case when model <> 'gamma_gamma' then status end) as purchase_status,
        max(case when model = 'gamma_gamma' then status end) as spend_status,
        {%- for name in ['p', 'q', 'gamma'] %}
        max(case when model = 'gamma_gamma' and parameter = '{{ name }}' then estimate end) as spend_{{ name }}
        {%- if not loop.last %},{% endif %}
        {%- endfor %}
    from parameters
    where observed_on = {{ as_of_date() }}
),

-- One row, also where there was no trial.
trial as (
    select
        max(case when beats_naive then 1 when not beats_naive then 0 end) as beats_naive,
        max(seasonal_index) as seasonal_index,
        max(fitted_model) as fitted_model
    from {{ source('exchange', 'value_validation') }}
    where is_chosen
),

final as (
    select
        fits.*,
        -- Of another model than the one on trial nothing is known.
        case when fits.purchase_model = trial.fitted_model then trial.beats_naive = 1 end as beats_naive,
        cast(trial.seasonal_index as double) as seasonal_index
    from fits
    cross join trial
)

select * from final
