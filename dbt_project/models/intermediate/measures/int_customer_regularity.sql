{#- One month end more than levels have, because two in a row decide. -#}
with days as (
    {%- for day in days_back(this_build('as_of'), var('level_months') + 1) or ['0001-01-01'] %}
    select
        date '{{ day }}' as observed_on,
        {{ 'true' if day in mart_days() else 'false' }} as is_level_day
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

spans as (
    select * from {{ ref('int_purchase_regularity') }}
),

-- from five gaps on a customer has a row on every day, so the row before is the month end before
observed as (
    select
        spans.customer_key,
        days.observed_on,
        days.is_level_day,
        {{ month_end('days.observed_on') }} = days.observed_on as is_month_end,
        spans.n_gaps,
        spans.regularity_ratio,
        spans.is_below_limit,
        lag(spans.is_below_limit) over of_customer as was_below_limit,
        lag(spans.is_below_limit, 2) over of_customer as was_below_limit_before
    from days
    inner join spans
        on
            days.observed_on >= spans.bought_on
            and (spans.next_bought_on is null or days.observed_on < spans.next_bought_on)
    window of_customer as (partition by spans.customer_key order by days.observed_on)
),

final as (
    select
        customer_key,
        observed_on,
        n_gaps,
        regularity_ratio,
        -- another day than a month end has what its last month end has
        case
            when is_month_end then is_below_limit and was_below_limit
            else was_below_limit and was_below_limit_before
        end as is_regular
    from observed
    where is_level_day
)

select * from final
