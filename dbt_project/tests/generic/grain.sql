{#- One row for each combination of the columns; none of them is NULL but those named as optional, where NULLs are equal. -#}
{% test grain(model, columns, optional=[]) %}
select
    {{ columns | join(',\n    ') }},
    count(*) as n_rows
from {{ model }}
group by {{ columns | join(', ') }}
having
    count(*) > 1
    {%- for column in columns if column not in optional %}
    or {{ column }} is null
    {%- endfor %}
{% endtest %}
