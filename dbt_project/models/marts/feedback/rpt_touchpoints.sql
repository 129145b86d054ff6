{%- set days = var('reports_followed_days') -%}
{#- Kind of touch: model, day, condition, answer. -#}
{%- set sources = {
    'purchase': ('int_order', 'ordered_on', 'is_purchase', 'null'),
    'contact': ('int_interaction', 'occurred_on', none, 'null'),
    'case': ('int_case', 'opened_on', none, 'null'),
    'answer': ('int_survey_answer', 'answered_on', "construct = 'csat' and answer_score is not null", 'answer_score'),
} -%}
with touches as (
    {%- for kind, (model, day, condition, score) in sources.items() %}
    select
        '{{ kind }}' as kind,
        customer_key,
        channel,
        touchpoint,
        {{ day }} as touched_on,
        cast({{ score }} as decimal(9, 4)) as answer_score
    from {{ ref(model) }}
    {%- if condition %}
    where {{ condition }}
    {%- endif %}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

purchases as (
    {{ purchase_days() }}
),

followed as (
    select
        touches.kind,
        coalesce(touches.channel, 'unknown') as channel,
        coalesce(touches.touchpoint, 'unknown') as touchpoint,
        touches.answer_score,
        touches.customer_key is not null
        and {{ add_days('touches.touched_on', days) }} <= {{ as_of_date() }} as is_closed,
        coalesce(purchases.day_on <= {{ add_days('touches.touched_on', days) }}, false) as is_followed
    from touches
    left join purchases
        on
            {{ is_next_purchase('touches', 'touched_on') }}
),

counted as (
    select
        channel,
        {{ reported_group('touchpoint', 'count(*)') }} as touchpoint,
        {%- for kind in sources %}
        sum(case when kind = '{{ kind }}' then 1 else 0 end) as n_{{ kind }}s,
        {%- endfor %}
        sum(case when kind = 'answer' then {{ is_top_two('answer_score') }} else 0 end) as n_satisfied,
        sum(case when is_closed then 1 else 0 end) as n_closed,
        sum(case when is_closed and is_followed then 1 else 0 end) as n_followed
    from followed
    group by channel, touchpoint
),

merged as (
    select
        channel,
        touchpoint,
        {%- for kind in sources %}
        cast(sum(n_{{ kind }}s) as bigint) as n_{{ kind }}s,
        {%- endfor %}
        cast(sum(n_satisfied) as bigint) as n_satisfied,
        cast(sum(n_closed) as bigint) as n_closed,
        cast(sum(n_followed) as bigint) as n_followed
    from counted
    group by channel, touchpoint
),

final as (
    select
        {{ as_of_date() }} as as_of_on,
        *,
        cast({{ divide('n_satisfied', 'n_answers', 6, 0) }} as decimal(9, 6)) as satisfied_share,
        {{ wilson_bound('n_satisfied', 'n_answers', '-') }} as satisfied_share_low,
        {{ wilson_bound('n_satisfied', 'n_answers', '+') }} as satisfied_share_high,
        cast({{ divide('n_followed', 'n_closed', 6, 0) }} as decimal(9, 6)) as followed_share,
        {{ wilson_bound('n_followed', 'n_closed', '-') }} as followed_share_low,
        {{ wilson_bound('n_followed', 'n_closed', '+') }} as followed_share_high
    from merged
)

select * from final
