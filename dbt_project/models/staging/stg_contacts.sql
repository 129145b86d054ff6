with stated as (
    {%- for name, column in columns_of_contacts() %}
    select
        source,
        customer_ref as ref,
        '{{ column }}' as kind,
        {{ column }} as value,
        effective_on
    from {{ ref('stg_' ~ name) }}
    where {{ column }} is not null
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
)

select
    source,
    ref,
    kind,
    value,
    {{ earliest_known('effective_on') }} as known_on
from stated
group by source, ref, kind, value
