{%- set counts = ['n_promoters', 'n_passives', 'n_detractors', 'n_invitations', 'n_answered_invitations'] %}
with monthly as (
    select * from {{ ref('int_nps_monthly') }}
),

periods as (
    select 'all' as period_kind
    union all
    select 'month' as period_kind
),

survey_kinds as (
    select 'all' as survey_kind
    union all
    select distinct survey_kind from monthly
),

kinds as (
    {%- for kind in ['all', 'channel', 'order_channel', 'segment', 'rfm_segment'] %}
    select '{{ kind }}' as slice_by
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

-- Each month and all months together, all answers and those of each kind of survey, for each value of slice_by.
slices as (
    select
        case when periods.period_kind = 'month' then monthly.month_start_on end as month_start_on,
        survey_kinds.survey_kind,
        kinds.slice_by,
        case kinds.slice_by
            when 'channel' then monthly.channel
            when 'order_channel' then monthly.order_channel
            when 'segment' then monthly.segment
            when 'rfm_segment' then monthly.rfm_segment
            else 'all'
        end as slice_value,
        {%- for count in counts %}
        monthly.{{ count }},
        {%- endfor %}
        periods.period_kind
    from monthly
    cross join periods
    inner join survey_kinds on survey_kinds.survey_kind in ('all', monthly.survey_kind)
    cross join kinds
),

counted as (
    select
        month_start_on,
        survey_kind,
        slice_by,
        slice_value,
        {%- for count in counts %}
        sum({{ count }}) as {{ count }},
        {%- endfor %}
        period_kind
    from slices
    group by period_kind, month_start_on, survey_kind, slice_by, slice_value
),

named as (
    select
        *,
        {{ reported_group('slice_value', 'n_promoters + n_passives + n_detractors', "slice_by = 'all'") }} as group_name
    from counted
),

final as (
    select
        period_kind,
        month_start_on,
        survey_kind,
        slice_by,
        group_name as slice_value,
        {%- for count in counts %}
        cast(sum({{ count }}) as bigint) as {{ count }},
        {%- endfor %}
        cast(sum(n_promoters + n_passives + n_detractors) as bigint) as n_answers
    from named
    group by period_kind, month_start_on, survey_kind, slice_by, group_name
)

select * from final
