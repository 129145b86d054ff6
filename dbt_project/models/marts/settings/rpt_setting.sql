with settings as (

    select * from {{ source('exchange', 'settings') }}

),

-- g0_days is the only setting that is computed from the shop's purchases if the industry's preset leaves it empty
industry as (

    select g0_days from {{ ref('int_industry_settings') }}

),

final as (

    select
        {{ as_of_date() }} as as_of_on,
        settings.setting,
        coalesce(settings.value, cast(industry.g0_days as {{ dbt.type_string() }})) as value,
        settings.default_value,
        settings.unit,
        settings.source,
        settings.meaning,
        settings.default_reason
    from settings
    cross join industry

)

select * from final
