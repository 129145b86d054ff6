{#-
A source has few channels. If free text was mapped as the channel, the most frequent spellings are listed, and the others
are counted together.
-#}
{%- set listed = 20 -%}
{%- set models = {
    'orders': 'int_order', 'interactions': 'int_interaction', 'cases': 'int_case',
    'survey_answers': 'int_survey_answer', 'survey_invitations': 'int_survey_invitation',
} -%}
with spellings as (
    select
        source,
        spelling
    from {{ ref('int_channel') }}
    where not is_recognised
),

stated as (
    {%- for entity, model in models.items() %}
    select
        source,
        '{{ entity }}' as entity,
        source_channel
    from {{ ref(model) }}
    where source_channel is not null
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

counted as (
    select
        stated.source,
        stated.entity,
        stated.source_channel,
        count(*) as n_rows
    from stated
    inner join spellings
        on stated.source = spellings.source and stated.source_channel = spellings.spelling
    group by stated.source, stated.entity, stated.source_channel
),

ranked as (
    select
        *,
        row_number() over (partition by source, entity order by n_rows desc, source_channel asc) as channel_rank
    from counted
)

select
    'channel_unknown' as issue,
    source,
    entity,
    case when channel_rank <= {{ listed }} then source_channel end as detail,
    sum(n_rows) as n_rows,
    cast(null as decimal(18, 2)) as amount,
    false as is_amount_estimated
from ranked
group by source, entity, case when channel_rank <= {{ listed }} then source_channel end
