with slices as (
    select * from {{ ref('int_satisfaction_slice') }}
),

means as (
    select
        *,
        {{ divide('score_sum', 'n_answers', 4) }} as mean_score,
        {{ mean_half_width('n_answers', 'score_sum', 'squared_score_sum') }} as score_half_width,
        {{ divide('effort_sum', 'n_effort', 4) }} as mean_effort,
        {{ mean_half_width('n_effort', 'effort_sum', 'squared_effort_sum') }} as effort_half_width
    from slices
)

select
    {{ as_of_date() }} as as_of_on,
    period_kind,
    month_start_on,
    construct,
    slice_by,
    slice_value,
    n_answers,
    cast(mean_score as decimal(9, 4)) as mean_score,
    case when score_half_width is not null then cast(greatest(mean_score - score_half_width, 0) as decimal(9, 4)) end
        as mean_score_low,
    case when score_half_width is not null then cast(least(mean_score + score_half_width, 100) as decimal(9, 4)) end
        as mean_score_high,
    n_top,
    cast({{ divide('n_top', 'n_answers', 6, 0) }} as decimal(9, 6)) as top_share,
    {{ wilson_bound('n_top', 'n_answers', '-') }} as top_share_low,
    {{ wilson_bound('n_top', 'n_answers', '+') }} as top_share_high,
    n_effort as n_effort_answers,
    cast(mean_effort as decimal(9, 4)) as effort_mean,
    case when effort_half_width is not null then cast(greatest(mean_effort - effort_half_width, 1) as decimal(9, 4)) end
        as effort_mean_low,
    case when effort_half_width is not null then cast(least(mean_effort + effort_half_width, 7) as decimal(9, 4)) end
        as effort_mean_high,
    n_easy,
    cast({{ divide('n_easy', 'n_effort', 6, 0) }} as decimal(9, 6)) as easy_share,
    {{ wilson_bound('n_easy', 'n_effort', '-') }} as easy_share_low,
    {{ wilson_bound('n_easy', 'n_effort', '+') }} as easy_share_high
from means
