with retention as (
    select * from {{ source('exchange', 'contract_retention') }}
)

select
    {{ as_of_date() }} as as_of_on,
    contract_kind,
    cast(period_months as integer) as period_months,
    case when cohort_on is null then 'all' else 'cohort' end as cohort_kind,
    cast(cohort_on as date) as cohort_on,
    cast(period_number as integer) as period_number,
    is_forecast,
    is_complete,
    cast(n_started as bigint) as n_started,
    cast(n_due as bigint) as n_due,
    cast(n_renewed as bigint) as n_renewed,
    {%- for name in ['retention_share', 'survival_share'] %}
    {%- for end in ['', '_low', '_high'] %}
    cast({{ name ~ end }} as double) as {{ name ~ end }},
    {%- endfor %}
    {%- endfor %}
    cast(predicted_retention_share as double) as predicted_retention_share,
    {%- for end in ['', '_low', '_high'] %}
    cast(predicted_survival_share{{ end }} as double) as predicted_survival_share{{ end }},
    {%- endfor %}
    cast(fit_alpha as double) as fit_alpha,
    cast(fit_beta as double) as fit_beta
from retention
