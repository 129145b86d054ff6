{#- The relation has exactly so many rows. -#}
{% test has_rows(model, n) %}

select count(*) as n_rows
from {{ model }}
having count(*) <> {{ n }}

{% endtest %}
