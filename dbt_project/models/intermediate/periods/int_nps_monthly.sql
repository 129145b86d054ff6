with answers as (
    select
        customer_key,
        answered_on,
        channel,
        order_channel,
        {{ reported_survey_kind('survey_kind', 'order_key') }} as survey_kind,
        nps_category
    from {{ ref('int_survey_answer') }}
    where construct = 'nps' and nps_category is not null
),

customers as (
    select
        customer_key,
        segment
    from {{ ref('int_customer') }}
),

rfm as (
    select
        customer_key,
        rfm_segment
    from {{ ref('int_customer_rfm') }}
    where observed_on = {{ as_of_date() }}
),

invitations as (
    select * from {{ ref('int_nps_invitation') }}
),

events as (
    select
        customer_key,
        survey_kind,
        channel,
        order_channel,
        {{ month_start('answered_on') }} as month_start_on,
        case when nps_category = 'promoter' then 1 else 0 end as is_promoter,
        case when nps_category = 'passive' then 1 else 0 end as is_passive,
        case when nps_category = 'detractor' then 1 else 0 end as is_detractor,
        0 as is_invitation,
        0 as is_answered_invitation
    from answers

    union all

    select
        customer_key,
        survey_kind,
        channel,
        cast(null as string) as order_channel,
        {{ month_start('sent_on') }} as month_start_on,
        0 as is_promoter,
        0 as is_passive,
        0 as is_detractor,
        1 as is_invitation,
        case when is_answered then 1 else 0 end as is_answered_invitation
    from invitations
),

final as (
    select
        events.month_start_on,
        events.survey_kind,
        coalesce(events.channel, 'unknown') as channel,
        coalesce(events.order_channel, 'unknown') as order_channel,
        coalesce(customers.segment, 'unknown') as segment,
        coalesce(rfm.rfm_segment, 'unknown') as rfm_segment,
        cast(sum(events.is_promoter) as bigint) as n_promoters,
        cast(sum(events.is_passive) as bigint) as n_passives,
        cast(sum(events.is_detractor) as bigint) as n_detractors,
        cast(sum(events.is_invitation) as bigint) as n_invitations,
        cast(sum(events.is_answered_invitation) as bigint) as n_answered_invitations
    from events
    left join customers on events.customer_key = customers.customer_key
    left join rfm on events.customer_key = rfm.customer_key
    group by
        events.month_start_on,
        events.survey_kind,
        coalesce(events.channel, 'unknown'),
        coalesce(events.order_channel, 'unknown'),
        coalesce(customers.segment, 'unknown'),
        coalesce(rfm.rfm_segment, 'unknown')
)

select * from final
