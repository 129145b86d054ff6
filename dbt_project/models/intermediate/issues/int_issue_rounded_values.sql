{%- for name in entities_with_decimals() %}
select
    'rounded_values' as issue,
    source,
    '{{ name }}' as entity,
    rounded_columns as detail,
    count(*) as n_rows,
    cast(null as decimal(18, 2)) as amount,
    false as is_amount_estimated
from {{ ref('stg_' ~ name ~ '__checked') }}
where
    broken_rules = ''
    and rounded_columns <> ''
    and coalesce(effective_on <= {{ as_of_date() }}, true)
group by source, rounded_columns
{% if not loop.last %}union all{% endif %}
{%- endfor %}
