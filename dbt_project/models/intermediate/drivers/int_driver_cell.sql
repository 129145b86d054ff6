with scores as (
    select
        *,
        coalesce(customer_key, response_key) as person_key
    from {{ ref('int_response_construct') }}
),

responses as (
    select
        source,
        survey_id,
        response_key,
        person_key,
        answered_on,
        answered_at,
        is_returned,
        {%- for construct in driver_constructs() %}
        max(case when construct = '{{ construct }}' then score end) as {{ construct }},
        {%- endfor %}
        max(case when construct = 'nps' then score end) as nps_score
    from scores
    group by source, survey_id, response_key, person_key, answered_on, answered_at, is_returned
),

outcomes as (
    select
        *,
        'nps' as outcome,
        nps_score as outcome_score
    from responses
    where nps_score is not null
    union all
    select
        *,
        'repurchase' as outcome,
        cast(100 * is_returned as decimal(9, 4)) as outcome_score
    from responses
    where is_returned is not null
),

-- One response per person, the latest with an outcome: the responses of one person are not independent.
ranked as (
    select
        *,
        substr(person_key, 1, 3) as bucket,
        row_number() over (
            partition by outcome, source, survey_id, person_key
            order by answered_on desc nulls last, answered_at desc nulls last, response_key desc nulls last
        ) as response_rank
    from outcomes
),

latest as (
    select * from ranked
    where response_rank = 1
),

buckets as (
    select
        outcome,
        source,
        survey_id,
        bucket,
        count(*) as n_responses
    from latest
    group by outcome, source, survey_id, bucket
),

cumulated as (
    select
        *,
        sum(n_responses) over (
            partition by outcome, source, survey_id
            order by bucket
            rows between unbounded preceding and current row
        ) as n_through
    from buckets
),

-- A fixed sample of a large survey: keys are hashes, so the persons up to a bucket are a random part.
samples as (
    select
        outcome,
        source,
        survey_id,
        coalesce(max(case when n_through <= {{ var('driver_max_responses') }} then bucket end), min(bucket))
            as last_bucket
    from cumulated
    group by outcome, source, survey_id
)

select
    latest.outcome,
    latest.source,
    latest.survey_id,
    latest.outcome_score,
    {%- for construct in driver_constructs() %}
    latest.{{ construct }},
    {%- endfor %}
    cast(count(*) as bigint) as n_responses
from latest
inner join samples
    on
        latest.outcome = samples.outcome
        and latest.source = samples.source
        and latest.survey_id = samples.survey_id
        and latest.bucket <= samples.last_bucket
group by
    latest.outcome,
    latest.source,
    latest.survey_id,
    {%- for construct in driver_constructs() %}
    latest.{{ construct }},
    {%- endfor %}
    latest.outcome_score
