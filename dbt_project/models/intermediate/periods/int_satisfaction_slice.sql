{%- set groups = ['survey_kind', 'channel', 'order_channel', 'segment', 'rfm_segment', 'category', 'product_id'] %}
{%- set sums = ['score_sum', 'squared_score_sum', 'n_top', 'n_effort', 'effort_sum', 'squared_effort_sum', 'n_easy'] %}
with answers as (
    select
        *,
        {{ reported_survey_kind('survey_kind', 'order_key') }} as reported_kind,
        case
            when construct = 'ces' and scale_min = 1 and scale_max = 7
                then cast(case when is_reversed then 8 - answer_number else answer_number end as decimal(9, 4))
        end as effort_answer
    from {{ ref('int_survey_answer') }}
    where construct is not null and answer_score is not null
),

customers as (
    select * from {{ ref('int_customer') }}
),

rfm as (
    select * from {{ ref('int_customer_rfm') }}
    where observed_on = {{ as_of_date() }}
),

answered_orders as (
    select distinct
        order_source,
        order_id
    from answers
    where order_id is not null
),

-- what an order was about, if that is one product or one category; NULL if no line states it
subjects as (
    select
        lines.source,
        lines.order_id,
        {{ one_or_several('lines.category') }} as category,
        {{ one_or_several('lines.product_id') }} as product_id
    from {{ ref('int_order_line') }} as lines
    inner join answered_orders
        on lines.source = answered_orders.order_source and lines.order_id = answered_orders.order_id
    where lines.is_counted
    group by lines.source, lines.order_id
),

placed as (
    select
        answers.construct,
        answers.answer_score,
        answers.effort_answer,
        {{ month_start('answers.answered_on') }} as month_start_on,
        answers.reported_kind as survey_kind,
        coalesce(answers.channel, 'unknown') as channel,
        coalesce(answers.order_channel, 'unknown') as order_channel,
        coalesce(customers.segment, 'unknown') as segment,
        coalesce(rfm.rfm_segment, 'unknown') as rfm_segment,
        coalesce(subjects.category, 'unknown') as category,
        coalesce(subjects.product_id, 'unknown') as product_id
    from answers
    left join customers on answers.customer_key = customers.customer_key
    left join rfm on answers.customer_key = rfm.customer_key
    left join subjects on answers.order_source = subjects.source and answers.order_id = subjects.order_id
),

grouped as (
    select
        construct,
        month_start_on,
        {{ groups | join(', ') }},
        count(*) as n_answers,
        sum(answer_score) as score_sum,
        sum({{ multiply('answer_score', 'answer_score', 8, 4, 4) }}) as squared_score_sum,
        sum({{ is_top_two('answer_score') }}) as n_top,
        count(effort_answer) as n_effort,
        sum(coalesce(effort_answer, 0)) as effort_sum,
        sum(coalesce({{ multiply('effort_answer', 'effort_answer', 8, 4, 4) }}, 0)) as squared_effort_sum,
        sum(case when effort_answer >= 5 then 1 else 0 end) as n_easy
    from placed
    group by construct, month_start_on, {{ groups | join(', ') }}
),

counted as (
    {%- for group in ['all'] + groups + ['all'] + groups %}
    {%- set is_month = loop.index0 > groups | length %}
    select
        construct,
        '{{ 'month' if is_month else 'all' }}' as period_kind,
        {{ 'month_start_on' if is_month else 'cast(null as date)' }} as month_start_on,
        '{{ group }}' as slice_by,
        {{ "'all'" if group == 'all' else reported_group(group, 'sum(n_answers)') }} as slice_value,
        {%- for sum in sums %}
        sum({{ sum }}) as {{ sum }},
        {%- endfor %}
        sum(n_answers) as n_answers
    from grouped
    group by construct{{ ', month_start_on' if is_month }}{{ ', ' ~ group if group != 'all' }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
)

select
    construct,
    period_kind,
    month_start_on,
    slice_by,
    slice_value,
    {%- for sum in sums %}
    cast(sum({{ sum }}) as {{ 'bigint' if sum.startswith('n_') else 'decimal(38, 8)' }}) as {{ sum }},
    {%- endfor %}
    cast(sum(n_answers) as bigint) as n_answers
from counted
group by construct, period_kind, month_start_on, slice_by, slice_value
