with bounds as (
    select
        min(day_on) as first_on,
        min(case when is_purchase_day then day_on end) as first_purchase_on
    from {{ ref('int_customer_day') }}
    where day_on <= {{ as_of_date() }}
),

days as (
    {{ date_spine('first_on', as_of_date(), 'bounds') }}
),

periods as (
    {%- for kind in period_kinds() %}
    select distinct
        '{{ kind }}' as period_kind,
        {{ period_start(kind, 'days.date_on') }} as period_on,
        {{ period_end(kind, period_start(kind, 'days.date_on')) }} as last_on,
        {{ period_start(kind, add_days(period_start(kind, 'days.date_on'), -1)) }} as previous_on,
        coalesce({{ period_start(kind, 'bounds.first_purchase_on') }} = {{ period_start(kind, 'days.date_on') }}, false)
            as is_first,
        coalesce(
            {{ period_start(kind, 'days.date_on') }} >= {{ month_start('bounds.first_purchase_on') }}
            and {{ period_end(kind, period_start(kind, 'days.date_on')) }} <= {{ as_of_date() }},
            false
        ) as is_complete
    from days
    cross join bounds
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
)

select
    period_kind,
    period_on,
    last_on,
    previous_on,
    cast(row_number() over (partition by period_kind order by period_on) as integer) as period_number,
    is_first,
    is_complete
from periods
