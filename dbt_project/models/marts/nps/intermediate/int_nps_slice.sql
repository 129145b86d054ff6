{%- set kinds = {'all': "'all'", 'customer': 'customer_segment', 'rfm': 'rfm_segment'} %}
{%- set periods = {'all': 'cast(null as date)', 'month': 'month_start_on'} %}

with monthly as (

    select * from {{ ref('int_nps_monthly') }}

),

-- Every month and all months together, by each kind of segment and all customers together.
slices as (

    {% for kind, segment in kinds.items() -%}
    {% for period, month_start in periods.items() -%}
    select
        '{{ period }}' as period_kind,
        {{ month_start }} as month_start_on,
        '{{ kind }}' as segment_kind,
        {{ segment }} as segment,
        n_promoters,
        n_passives,
        n_detractors,
        n_invitations,
        n_answered_invitations
    from monthly
    {% if not loop.last %}
    union all

    {% endif %}
    {%- endfor %}
    {%- if not loop.last %}
    union all

    {% endif %}
    {%- endfor %}

),

final as (

    select
        period_kind,
        month_start_on,
        segment_kind,
        segment,
        cast(sum(n_promoters + n_passives + n_detractors) as bigint) as n_answers,
        cast(sum(n_promoters) as bigint) as n_promoters,
        cast(sum(n_passives) as bigint) as n_passives,
        cast(sum(n_detractors) as bigint) as n_detractors,
        cast(sum(n_invitations) as bigint) as n_invitations,
        cast(sum(n_answered_invitations) as bigint) as n_answered_invitations
    from slices
    group by period_kind, month_start_on, segment_kind, segment

)

select * from final
