{#-
The cells of the return curve: bands of silence and rows of history.

All numbers are whole, so that a value on an edge falls into the same cell on every engine. `gap_sum` is n times the
customer's own gap in ten thousandths of a day: 10000 (g0 + days from the first to the last purchase).
-#}

{#- n times the own gap, a BIGINT; `g0_days` has at most four decimals. -#}
{% macro gap_sum(g0_days, first_to_last_days) -%}
    (cast({{ g0_days }} * 10000 as bigint) + cast({{ first_to_last_days }} as bigint) * 10000)
{%- endmacro %}

{#- The lower edges of the bands, in own gaps. The last band has no upper edge. -#}
{% macro return_band_edges() -%}
    {{ return([0, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4, 6, 8, 12, 20]) }}
{%- endmacro %}

{#- The band of a silence of whole days after n purchase days: 1 for the first band, NULL for NULL. -#}
{% macro return_band(silence_days, n, gap_sum) -%}
    1
    {%- for edge in return_band_edges()[1:] %}
    + case when cast({{ silence_days }} as bigint) * {{ n }} * 40000 >= {{ (edge * 4) | int }} * {{ gap_sum }} then 1 else 0 end
    {%- endfor %}
{%- endmacro %}

{#- The row of a history. The pace is the number of purchases that the own gap lets expect within the horizon. -#}
{% macro return_row(n, horizon_days, gap_sum) -%}
    {%- set pace = 'cast(' ~ horizon_days ~ ' as bigint) * ' ~ n ~ ' * 20000' -%}
    case
        when {{ n }} = 1 then 'once'
        when {{ n }} = 2 then case when {{ pace }} < 4 * {{ gap_sum }} then 'twice_slow' else 'twice_fast' end
        when {{ pace }} < 3 * {{ gap_sum }} then 'often_pace_0'
        when {{ pace }} < 6 * {{ gap_sum }} then 'often_pace_1_5'
        when {{ pace }} < 16 * {{ gap_sum }} then 'often_pace_3'
        else 'often_pace_8'
    end
{%- endmacro %}

{#- All rows and all bands with their lower edges, each as a query. -#}
{% macro return_rows() -%}
    {%- for row in ['once', 'twice_slow', 'twice_fast', 'often_pace_0', 'often_pace_1_5', 'often_pace_3', 'often_pace_8'] %}
    select '{{ row }}' as row_name
    {%- if not loop.last %} union all{% endif %}
    {%- endfor %}
{%- endmacro %}

{% macro return_bands() -%}
    {%- for edge in return_band_edges() %}
    select {{ loop.index }} as band, cast({{ edge }} as decimal(9, 2)) as lower_gaps
    {%- if not loop.last %} union all{% endif %}
    {%- endfor %}
{%- endmacro %}
