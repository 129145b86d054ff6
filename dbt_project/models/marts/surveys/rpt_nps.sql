with counted as (
    select * from {{ ref('int_nps_slice') }}
),

-- Shares have 8 decimals, so that a variance of up to 10,000 has 4 correct decimals.
-- The adjusted Wald interval adds 3/4 of a promoter, 3/4 of a detractor and 3 answers in total. So its width is more
-- than 0 even if all answers are in one class. It is extended to the NPS, from which its middle is far with one answer.
shares as (
    select
        *,
        {{ divide('n_promoters', 'n_answers', 8) }} as promoter_share,
        {{ divide('n_detractors', 'n_answers', 8) }} as detractor_share,
        {{ divide('n_promoters + 0.75', 'n_answers + 3', 8) }} as adjusted_promoter_share,
        {{ divide('n_detractors + 0.75', 'n_answers + 3', 8) }} as adjusted_detractor_share
    from counted
),

variances as (
    select
        *,
        {{ nps_variance('promoter_share', 'detractor_share') }} as response_variance,
        {{ nps_variance('adjusted_promoter_share', 'adjusted_detractor_share') }} as adjusted_response_variance,
        100 * (adjusted_promoter_share - adjusted_detractor_share) as adjusted_nps
    from shares
),

half_widths as (
    select
        *,
        cast({{ divide('100 * (n_promoters - n_detractors)', 'n_answers', 4) }} as decimal(9, 4)) as nps,
        {{ fixed(
            var('nps_interval_z') ~ ' * sqrt(cast(adjusted_response_variance as double) / (n_answers + 3))'
        ) }} as half_width
    from variances
),

final as (
    select
        {{ as_of_date() }} as as_of_on,
        period_kind,
        month_start_on,
        survey_kind,
        slice_by,
        slice_value,
        n_answers,
        n_promoters,
        n_passives,
        n_detractors,
        cast(promoter_share as decimal(9, 6)) as promoter_share,
        {{ wilson_bound('n_promoters', 'n_answers', '-') }} as promoter_share_low,
        {{ wilson_bound('n_promoters', 'n_answers', '+') }} as promoter_share_high,
        cast(detractor_share as decimal(9, 6)) as detractor_share,
        {{ wilson_bound('n_detractors', 'n_answers', '-') }} as detractor_share_low,
        {{ wilson_bound('n_detractors', 'n_answers', '+') }} as detractor_share_high,
        nps,
        cast(response_variance as decimal(18, 4)) as nps_response_variance,
        {{ divide('response_variance', 'n_answers', 4) }} as nps_variance,
        case
            when n_answers > 0 then cast(greatest(least(adjusted_nps - half_width, nps), -100) as decimal(9, 4))
        end as nps_low,
        case
            when n_answers > 0 then cast(least(greatest(adjusted_nps + half_width, nps), 100) as decimal(9, 4))
        end as nps_high,
        n_invitations,
        n_answered_invitations,
        cast({{ divide('n_answered_invitations', 'n_invitations', 6) }} as decimal(9, 6)) as response_share,
        {{ wilson_bound('n_answered_invitations', 'n_invitations', '-') }} as response_share_low,
        {{ wilson_bound('n_answered_invitations', 'n_invitations', '+') }} as response_share_high
    from half_widths
)

select * from final
