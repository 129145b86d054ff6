{%- set contacts = [] -%}
{%- for name, columns in entities_with_contacts().items() -%}
    {%- for column in columns -%} {%- do contacts.append([name, column]) -%} {%- endfor -%}
{%- endfor -%}
with stated as (
    {%- for name, column in contacts %}
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
