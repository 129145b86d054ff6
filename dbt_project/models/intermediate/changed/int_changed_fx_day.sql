{% call changed_keys('int_changed_fx_day', type='date') -%}
with rates_before as (
    {{ as_of_rows('fx_rates', versions_before('fx_rates'), this_build('previous_as_of')) }}
),

rate_days_before as (
    {{ fx_rate_days('rates_before') }}
),

rate_days_now as (
    select * from {{ ref('int_fx_rate_day') }}
),

redelivered as (
    select distinct currency from ({{ redelivered_keys('fx_rates') }}) as rates
)

select distinct coalesce(rate_days_before.rate_on, rate_days_now.rate_on) as rate_on
from rate_days_before
full outer join rate_days_now
    on rate_days_before.currency = rate_days_now.currency and rate_days_before.rate_on = rate_days_now.rate_on
where
    rate_days_before.fx_rate is distinct from rate_days_now.fx_rate
    or coalesce(rate_days_before.currency, rate_days_now.currency) in (select currency from redelivered)
{%- endcall %}
