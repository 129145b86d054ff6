{%- set first_day = "date '" ~ (mart_days() or ['0001-01-01'])[0] ~ "'" -%}
with items as (
    select * from {{ ref('int_evidence_item') }}
),

settings as (
    select answer_half_life_days from {{ ref('int_industry_settings') }}
),

mart_days as (
    {{ mart_day_rows() }}
),

bounds as (
    select least(min(event_on), {{ first_day }}) as first_on
    from items
    where dimension = 'attitude'
),

earlier_days as (
    {{ date_spine('first_on', first_day, 'bounds') }}
),

-- attitude also at earlier month ends: a level can date from them
days as (
    select
        observed_on,
        true as has_all_dimensions
    from mart_days
    union all
    select
        date_on as observed_on,
        false as has_all_dimensions
    from earlier_days
    where date_on < {{ first_day }} and date_on = {{ month_end('date_on') }}
),

weighted as (
    select
        items.*,
        days.observed_on,
        {{ half_life_weight(
            days_between('days.observed_on', 'items.event_on'), 'settings.answer_half_life_days'
        ) }} as weight,
        coalesce(
            items.has_response_weight
            and (items.next_in_response_on is null or items.next_in_response_on > days.observed_on),
            false
        ) as is_latest_of_response
    from items
    cross join settings
    inner join days
        on
            items.event_on <= days.observed_on
            and (days.has_all_dimensions or items.dimension = 'attitude')
            and {{ days_between('days.observed_on', 'items.event_on') }}
            <= {{ var('evidence_oldest_half_lives') }} * settings.answer_half_life_days
),

final as (
    select
        customer_key,
        observed_on,
        dimension,
        part,
        construct,
        channel,
        cast(count(*) as integer) as n_items,
        cast(sum(case when is_answer then 1 else 0 end) as integer) as n_answers,
        cast(sum(weight) as decimal(18, 8)) as evidence_weight,
        cast(sum(case when is_latest_of_response then weight else 0 end) as decimal(18, 8)) as response_weight,
        cast(sum({{ multiply('weight', 'item_score', 8, 8, 4) }}) as decimal(18, 8)) as weighted_score,
        cast(sum(case when is_top then weight else 0 end) as decimal(18, 8)) as weighted_top,
        cast(sum(item_score) as decimal(18, 4)) as score_sum,
        cast(sum({{ multiply('item_score', 'item_score', 8, 4, 4) }}) as decimal(18, 8)) as squared_score_sum,
        min(event_on) as first_on,
        max(event_on) as latest_on
    from weighted
    group by customer_key, observed_on, dimension, part, construct, channel
)

select * from final
