{#-
Scores by cut points: equal values always get equal scores, and no window function over all customers is needed.

A cut-point model has the columns `<part>_cut_1 … <part>_cut_<n>` for each part, computed over the active customers. A
scored model joins it and scores each value by its mid-rank: a cut point below the value counts 1, a cut point equal to
it counts a half. If several cut points are equal to a value, its score is the middle of their scores, not the lowest.
So a best value that nine of ten customers share does not get the worst score.
-#}

{#-
The columns `<part>_cuts`, arrays of bands - 1 cut points at equal steps of share. `parts` is {part: expression}, for
example {'r': '-recency_days'}; `bands` is the number of bands.
-#}
{% macro cut_point_arrays(parts, bands) -%}
    {%- set shares = [] -%}
    {%- for n in range(1, bands) -%}{%- do shares.append(n / bands) -%}{%- endfor -%}
    {%- for part, expression in parts.items() -%}
        {{ percentile_cuts(expression, shares) }} as {{ part }}_cuts{{ ',\n        ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{#- The elements of these arrays as columns `<part>_cut_<n>`, DECIMAL(18,4). `parts` lists the parts. -#}
{% macro cut_point_columns(parts, bands) -%}
    {%- for part in parts -%}
        {%- set last_part = loop.last -%}
        {%- for n in range(1, bands) -%}
            {{ cut(part ~ '_cuts', n) }} as {{ part }}_cut_{{ n }}{{ ',\n        ' if not (last_part and loop.last) }}
        {%- endfor -%}
    {%- endfor -%}
{%- endmacro %}

{#-
The band of a value, 0 to bands - 1: floor((b + e) / 2), where b is the number of cut points below the value and e the
number at or below it. 0 if there are no cut points because no customer is active; NULL if the value is NULL.

`relation` has the columns `<part>_cut_<n>`; `value` is an expression, for example '-recency_days'.
-#}
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

{#-
The share of a value, for cut points at unequal shares. It is the mean of two shares: that of the last cut point below
the value, and that of the last cut point at or below it; 0 if there is none. DECIMAL(18,8); NULL if the value is NULL.

`relation`, `part` and `value` as in mid_rank_band; `shares` lists the share of each cut point in ascending order. If
the last share is 1, its cut point is the largest value. Then, if all values are equal, their share is 0.5.
-#}
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
