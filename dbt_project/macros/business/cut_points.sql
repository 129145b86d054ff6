{#- Scores by cut points: equal values always get equal scores, and no window runs over all customers.

A cut-point model holds `<part>_cut_1 … <part>_cut_<n>` for every part, taken over the active customers; a scored model joins it
back and counts how many of them lie strictly below the customer's own value. -#}

{#- cut_point_arrays({'r': expression, …}, bands): the arrays `r_cuts, …`, bands - 1 cut points at equal steps of share. -#}
{% macro cut_point_arrays(parts, bands) -%}
    {%- set shares = [] -%}
    {%- for n in range(1, bands) -%}{%- do shares.append(n / bands) -%}{%- endfor -%}
    {%- for part, expression in parts.items() -%}
        {{ percentile_cuts(expression, shares) }} as {{ part }}_cuts{{ ',\n        ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{#- cut_point_columns(['r', …], bands): the arrays spread into one DECIMAL(18,4) column a cut point. -#}
{% macro cut_point_columns(parts, bands) -%}
    {%- for part in parts -%}
        {%- set last_part = loop.last -%}
        {%- for n in range(1, bands) -%}
            {{ cut(part ~ '_cuts', n) }} as {{ part }}_cut_{{ n }}{{ ',\n        ' if not (last_part and loop.last) }}
        {%- endfor -%}
    {%- endfor -%}
{%- endmacro %}

{#- cuts_below('cut_points', 'r', '-recency_days', bands): how many of the part's cut points lie strictly below the value, 0 to
   bands - 1; 0 where there are no cut points because nobody is active; NULL where the value is. -#}
{% macro cuts_below(relation, part, value, bands) -%}
    case
        when {{ value }} is null then null
        else
            {% for n in range(1, bands) -%}
            case when {{ relation }}.{{ part }}_cut_{{ n }} < {{ value }} then 1 else 0 end{{ ' +' if not loop.last }}
            {% endfor -%}
    end
{%- endmacro %}
