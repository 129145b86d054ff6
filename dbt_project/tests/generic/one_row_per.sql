{#- The grain: no two rows agree in all of `columns` (absent values count as equal). -#}
{% test one_row_per(model, columns) %}

select
    {{ columns | join(', ') }},
    count(*) as n_rows
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1

{% endtest %}
