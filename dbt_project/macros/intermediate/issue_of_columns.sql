{#-
The rows of an issue that concerns columns, of each entity: a count per source and list of columns.

Args:
    issue: Its code.
    names: The entities.
    listed: The column of the checked rows that lists the columns concerned; empty if there are none.
    condition: A condition on the rows, if not all count.
-#}
{% macro issue_of_columns(issue, names, listed, condition=none) -%}
{%- for name in names %}
select
    '{{ issue }}' as issue,
    source,
    '{{ name }}' as entity,
    {{ listed }} as detail,
    count(*) as n_rows,
    cast(null as decimal(18, 2)) as amount,
    false as is_amount_estimated
from {{ ref('stg_' ~ name ~ '__checked') }}
where
    {{ listed }} <> ''
    {% if condition %}and {{ condition }}{% endif %}
    and coalesce(effective_on <= {{ as_of_date() }}, true)
group by source, {{ listed }}
{% if not loop.last %}union all{% endif %}
{%- endfor %}
{%- endmacro %}
