{#- A channel that the mapping declares takes precedence over the built-in channel. -#}
{%- set entities = [
    'orders', 'order_lines', 'interactions', 'cases', 'survey_answers', 'survey_invitations', 'rejected_rows',
] -%}
with spellings as (
    {%- for name in entities %}
    select
        source,
        channel as spelling
    from {{ ref('stg_' ~ name) }}
    where channel is not null
    {%- if not loop.last %}
    union
    {%- endif %}
    {%- endfor %}
),

words as (
    select
        source,
        spelling,
        {{ status_word('spelling') }} as word
    from spellings
),

declared as (
    select distinct
        source,
        {{ status_word('spelling') }} as word,
        channel,
        touchpoint
    from {{ source('exchange', 'channels') }}
),

built_in as (
    select distinct
        {{ status_word('spelling') }} as word,
        channel,
        nullif(touchpoint, '-') as touchpoint
    from {{ ref('channels') }}
),

-- the touchpoint belongs to the channel, so both come from the same list
found as (
    select
        words.source,
        words.spelling,
        case
            when declared.channel is not null then declared.channel
            -- only separators, or `null`, which dbt does not read from a seed on Spark: the source states nothing
            when words.word in ('', 'null') then 'unknown'
            else built_in.channel
        end as channel,
        case when declared.channel is not null then declared.touchpoint else built_in.touchpoint end as touchpoint
    from words
    left join declared
        on words.source = declared.source and words.word = declared.word
    left join built_in
        on words.word = built_in.word
),

final as (
    select
        source,
        spelling,
        nullif(coalesce(channel, 'other'), 'unknown') as channel,
        touchpoint,
        channel is not null as is_recognised
    from found
)

select * from final
