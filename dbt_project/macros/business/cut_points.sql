{#- Scores by cut points: equal values always get equal scores, and no window runs over all customers.

A cut-point model holds `<part>_cut_1 … <part>_cut_<n>` for every part, taken over the active customers; a scored model joins it
back and places each value by its mid-rank: a cut point below the value counts whole, one equal to it counts half. Equal values
fill all the cut points that fall on them, so they get the score of the middle of their run, not of its lower end: where nine of
ten customers share the best value, it is not scored as the worst. -#}

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

{#- mid_rank_band('cut_points', 'r', '-recency_days', bands): 0 to bands - 1, floor((b + e) / 2) with b cut points below the value
   and e at or below it; 0 if there are no cut points because no customer is active; NULL if the value is NULL. -#}
{% macro mid_rank_band(relation, part, value, bands) -%}
    case
        when {{ value }} is null then null
        else
            cast(floor((
                {% for n in range(1, bands) -%}
                {%- set cut = relation ~ '.' ~ part ~ '_cut_' ~ n -%}
                case when {{ cut }} < {{ value }} then 2 when {{ cut }} = {{ value }} then 1 else 0 end{{ ' +' if not loop.last }}
                {% endfor -%}
            ) / 2) as integer)
    end
{%- endmacro %}

{#- mid_rank_share('cut_points', 'value', 'clv_12m_amount', shares): for cut points at unequal shares, the mean of two shares: that of
   the last cut point below the value and that of the last one at or below it, 0 where there is none. With 1 as the last of the shares
   its cut point is the largest value, and all values equal have the share .5. DECIMAL(18,8); NULL where the value is. -#}
{% macro mid_rank_share(relation, part, value, shares) -%}
    case
        when {{ value }} is null then null
        else
            cast(
                {% for share in shares -%}
                {%- set cut = relation ~ '.' ~ part ~ '_cut_' ~ loop.index -%}
                {%- set step = share - (0 if loop.first else shares[loop.index0 - 1]) -%}
                case
                    when {{ cut }} < {{ value }} then {{ '%.8f' % step }} when {{ cut }} = {{ value }} then {{ '%.8f' % (step / 2) }} else 0
                end{{ ' +' if not loop.last }}
                {% endfor -%}
            as decimal(18, 8))
    end
{%- endmacro %}
