with parameters as (

    select * from {{ source('exchange', 'value_parameters') }}

),

-- Each model writes one row a parameter, all with its status.
final as (

    select
        max(case when model <> 'gamma_gamma' then status end) as purchase_status,
        max(case when model = 'gamma_gamma' then status end) as spend_status
    from parameters

)

select * from final
