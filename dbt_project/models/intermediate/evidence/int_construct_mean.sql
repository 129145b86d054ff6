with evidence as (
    select * from {{ ref('int_evidence_day') }}
),

by_channel as (
    select
        observed_on,
        construct,
        channel,
        sum(n_items) as n_items,
        sum(evidence_weight) as evidence_weight,
        sum(weighted_score) as weighted_score,
        sum(weighted_top) as weighted_top
    from evidence
    group by observed_on, construct, channel
),

overall as (
    select
        observed_on,
        construct,
        sum(evidence_weight) as evidence_weight,
        sum(weighted_score) as weighted_score,
        sum(weighted_top) as weighted_top
    from by_channel
    group by observed_on, construct
),

chosen as (
    select
        by_channel.observed_on,
        by_channel.construct,
        by_channel.channel,
        by_channel.n_items,
        {%- for sum in ['evidence_weight', 'weighted_score', 'weighted_top'] %}
        case
            when by_channel.n_items >= {{ var('evidence_channel_answers') }} then by_channel.{{ sum }}
            else overall.{{ sum }}
        end as {{ sum }},
        {%- endfor %}
        by_channel.n_items >= {{ var('evidence_channel_answers') }} as is_of_channel
    from by_channel
    inner join overall on by_channel.observed_on = overall.observed_on and by_channel.construct = overall.construct
),

final as (
    select
        observed_on,
        construct,
        channel,
        cast(n_items as integer) as n_items,
        is_of_channel,
        cast({{ divide('weighted_score', 'evidence_weight', 4) }} as decimal(9, 4)) as mean_score,
        cast({{ divide('weighted_top', 'evidence_weight', 8) }} as decimal(9, 8)) as mean_top_share
    from chosen
)

select * from final
