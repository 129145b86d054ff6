{#- A value is absent or lies within low and high, both included; either may be left out. -#}
{% test within_bounds(model, column_name, low=none, high=none) %}

select {{ column_name }}
from {{ model }}
where
    {% if low is not none %}{{ column_name }} < {{ low }}{% else %}1 = 0{% endif %}
    or {% if high is not none %}{{ column_name }} > {{ high }}{% else %}1 = 0{% endif %}

{% endtest %}
