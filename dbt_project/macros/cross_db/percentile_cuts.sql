{# Several discrete percentiles of one expression in one pass, and how to take one of them out again.

percentile_cuts(x, shares) is an aggregate: an array of DECIMAL(18,4), one cut point a share, NULL where there are no rows.
One call keeps one copy of the values however many shares it is asked for (19 single percentiles of one column took seven
times as long and kept nineteen). `cut(array, n)` is the n-th cut point, counted from 1.

Each share is lowered by 1e-10. Spark multiplies share and count in floating point, so that .55 of 100 rows became the 56th
row and not the 55th (13 of the first 699 row counts differed from DuckDB's); lowered, both engines agree up to 100 million
rows and more, and the row chosen is the exact one. #}

{% macro percentile_cuts(x, shares) %}
    {{- return(adapter.dispatch('percentile_cuts')(x, shares)) -}}
{% endmacro %}

{% macro default__percentile_cuts(x, shares) -%}
    cast(
        percentile_disc(array({{ lowered_shares(shares) }})) within group (order by cast({{ x }} as decimal(18, 4)))
        as array<decimal(18, 4)>
    )
{%- endmacro %}

{% macro duckdb__percentile_cuts(x, shares) -%}
    quantile_disc(cast({{ x }} as decimal(18, 4)), [{{ lowered_shares(shares) }}])
{%- endmacro %}

{% macro lowered_shares(shares) -%}
    {%- for share in shares -%}{{ '%.10f' % (share - 1e-10) }}{{ ', ' if not loop.last }}{%- endfor -%}
{%- endmacro %}

{% macro cut(array, n) %}
    {{- return(adapter.dispatch('cut')(array, n)) -}}
{% endmacro %}

{% macro default__cut(array, n) -%}
    element_at({{ array }}, {{ n }})
{%- endmacro %}

{% macro duckdb__cut(array, n) -%}
    list_extract({{ array }}, {{ n }})
{%- endmacro %}
