{%- set figures = {
    'weight': 'relative_weight', 'r_squared': 'r_squared', 'adjusted': 'adjusted_r_squared',
    'share': 'importance_share', 'share_low': 'importance_share_low', 'share_high': 'importance_share_high', 'correlation': 'correlation'
} %}
with computed as (
    select * from {{ source('exchange', 'drivers') }}
)

select
    {{ as_of_date() }} as as_of_on,
    cast(outcome as {{ dbt.type_string() }}) as outcome,
    cast(source as {{ dbt.type_string() }}) as source,
    cast(survey_id as {{ dbt.type_string() }}) as survey_id,
    cast(construct as {{ dbt.type_string() }}) as construct,
    cast(status as {{ dbt.type_string() }}) as status,
    cast(n_responses as bigint) as n_responses,
    cast(importance_rank as integer) as importance_rank,
    {%- for name, column in figures.items() %}
    cast({{ name }} as decimal(9, 6)) as {{ column }},
    {%- endfor %}
    cast(mean as decimal(9, 4)) as mean_score,
    cast(mean_low as decimal(9, 4)) as mean_score_low,
    cast(mean_high as decimal(9, 4)) as mean_score_high,
    cast(quadrant as {{ dbt.type_string() }}) as driver_quadrant
from computed
