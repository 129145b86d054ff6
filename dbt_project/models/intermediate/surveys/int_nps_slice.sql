with monthly as (
    select * from {{ ref('int_nps_monthly') }}
),

periods as (
    select 'all' as period_kind
    union all
    select 'month' as period_kind
),

kinds as (
    select 'all' as slice_by
    union all
    select 'segment' as slice_by
    union all
    select 'rfm_segment' as slice_by
),

-- Each month and all months together, for each value of slice_by.
slices as (
    select
        periods.period_kind,
        case when periods.period_kind = 'month' then monthly.month_start_on end as month_start_on,
        kinds.slice_by,
        case kinds.slice_by
            when 'segment' then monthly.segment
            when 'rfm_segment' then monthly.rfm_segment
            else 'all'
        end as slice_value,
        monthly.n_promoters,
        monthly.n_passives,
        monthly.n_detractors,
        monthly.n_invitations,
        monthly.n_answered_invitations
    from monthly
    cross join periods
    cross join kinds
),

final as (
    select
        period_kind,
        month_start_on,
        slice_by,
        slice_value,
        cast(sum(n_promoters + n_passives + n_detractors) as bigint) as n_answers,
        cast(sum(n_promoters) as bigint) as n_promoters,
        cast(sum(n_passives) as bigint) as n_passives,
        cast(sum(n_detractors) as bigint) as n_detractors,
        cast(sum(n_invitations) as bigint) as n_invitations,
        cast(sum(n_answered_invitations) as bigint) as n_answered_invitations
    from slices
    group by period_kind, month_start_on, slice_by, slice_value
)

select * from final
