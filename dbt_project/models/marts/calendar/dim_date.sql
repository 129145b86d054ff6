{%- set days = {
    'fct_order': 'ordered_on',
    'fct_return': 'returned_on',
    'fct_survey_answer': 'answered_on',
    'fct_survey_invitation': 'sent_on',
    'fct_interaction': 'occurred_on',
    'fct_case': 'opened_on',
    'fct_campaign_touch': 'touched_on',
    'fct_loyalty_event': 'occurred_on',
    'fct_referral': 'referred_on',
    'dim_customer': 'first_seen_on',
} %}
with first_days as (
    {%- for mart, day in days.items() %}
    select min({{ day }}) as first_on from {{ ref(mart) }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

bounds as (
    select
        cast(date_trunc('year', coalesce(min(first_on), {{ as_of_date() }})) as date)
            as first_on,
        {{ add_days(as_of_date(), var('calendar_days_ahead')) }} as last_on
    from first_days
),

month_names as (
    {{ code_labels('month', 'month_name') }}
),

day_names as (
    {{ code_labels('day_of_week', 'day_name') }}
),

days as (
    {{ date_spine('first_on', 'last_on', 'bounds') }}
),

dated as (
    select
        date_on,
        {{ iso_day_of_week('date_on') }} as day_of_week
    from days
),

weeks as (
    select
        *,
        {{ add_days('date_on', '1 - day_of_week') }} as week_start_on,
        {{ add_days('date_on', '4 - day_of_week') }} as thursday_on
    from dated
)

select
    date_on,
    cast(extract(year from date_on) as integer) as year,
    cast(extract(quarter from date_on) as integer) as quarter,
    cast(extract(month from date_on) as integer) as month,
    {{ month_start('date_on') }} as month_start_on,
    {{ month_end('date_on') }} as month_end_on,
    substr(cast(date_on as string), 1, 7) as year_month,
    month_names.month_name_en,
    month_names.month_name_zh,
    cast(extract(week from date_on) as integer) as iso_week,
    week_start_on,
    concat(
        substr(cast(thursday_on as string), 1, 4), '-W', lpad(cast(extract(week from date_on) as string), 2, '0')
    ) as year_week,
    day_of_week,
    day_names.day_name_en,
    day_names.day_name_zh,
    day_of_week >= 6 as is_weekend,
    date_on = {{ month_end('date_on') }} as is_month_end,
    date_on > {{ as_of_date() }} as is_after_as_of
from weeks
left join month_names on cast(extract(month from weeks.date_on) as string) = month_names.code
left join day_names on cast(weeks.day_of_week as string) = day_names.code
