{#-
The rate of each currency on each day: the latest one on or before the day that is not older than fx_rate_max_age_days.
`rates` has the columns of int_fx_rates_as_of; where two sources give a rate for the same day, the first by name counts.
-#}
{% macro fx_rate_days(rates) -%}
with ages as (
    {%- for age in range(var('fx_rate_max_age_days') + 1) %}
    select {{ age }} as age_days
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

ranked as (
    select
        rates.currency,
        {{ add_days('rates.day', 'ages.age_days') }} as rate_on,
        rates.rate as fx_rate,
        row_number() over (
            partition by rates.currency, {{ add_days('rates.day', 'ages.age_days') }}
            order by ages.age_days, rates.source
        ) as age_rank
    from {{ rates }} as rates
    cross join ages
)

select currency, rate_on, fx_rate
from ranked
where age_rank = 1
{%- endmacro %}
