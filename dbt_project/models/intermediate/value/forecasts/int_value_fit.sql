with parameters as (
    select * from {{ source('exchange', 'value_parameters') }}
),

-- Each model writes one row per parameter. All its rows have the model's status.
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

-- One row, even if there was no validation.
validation as (
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
        -- The validation applies only to the model that it fitted.
        case when fits.purchase_model = validation.fitted_model then validation.beats_naive = 1 end as beats_naive,
        cast(validation.seasonal_index as double) as seasonal_index
    from fits
    cross join validation
)

select * from final
