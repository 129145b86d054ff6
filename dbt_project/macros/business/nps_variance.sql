{#-
The variance of one answer's contribution to NPS: 100^2 (p + d - (p - d)^2). A promoter counts 100, a detractor -100
and a passive 0. p (`promoter_share`) and d (`detractor_share`) are DECIMALs with 8 decimals.
-#}
{% macro nps_variance(promoter_share, detractor_share) -%}
    cast(
        10000 * (
            {{ promoter_share }} + {{ detractor_share }}
            - cast(
                cast({{ promoter_share }} - {{ detractor_share }} as decimal(10, 8))
                * cast({{ promoter_share }} - {{ detractor_share }} as decimal(10, 8))
                as decimal(18, 16)
            )
        )
        as decimal(18, 8)
    )
{%- endmacro %}
