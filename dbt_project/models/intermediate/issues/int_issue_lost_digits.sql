{%- for name in entities() if entity(name).ids %}
select
    'digits_lost' as issue,
    source,
    '{{ name }}' as entity,
    lost_columns as detail,
    count(*) as n_rows,
    cast(null as decimal(18, 2)) as amount,
    false as is_amount_estimated
from {{ ref('stg_' ~ name ~ '__checked') }}
where
    lost_columns <> ''
    and coalesce(effective_on <= {{ as_of_date() }}, true)
group by source, lost_columns
{% if not loop.last %}union all{% endif %}
{%- endfor %}
