{#-
A bound of the 95 % interval of a share or a mean with a known standard error (normal). `side` is '-' for the lower
bound and '+' for the upper one. A bound of a share is cut at `least_share` (-1 for a difference)
and 1. NULL if the error is NULL.
-#}
{% macro share_bound(share, error, side, least_share='0') -%}
    case
        when {{ error }} is not null
            then cast({{ fixed('least(greatest(' ~ share ~ ' ' ~ side ~ ' 1.959964 * ' ~ error ~ ', ' ~ least_share ~ '), 1)', 6) }} as decimal(9, 6))
    end
{%- endmacro %}

{% macro mean_bound(mean, error, side, scale=2) -%}
    {{ fixed(mean ~ ' ' ~ side ~ ' 1.959964 * ' ~ error, scale) }}
{%- endmacro %}

{#- What outstanding points cost in money: points x value of a point x share that is redeemed. -#}
{% macro points_liability(points, value, share) -%}
    {{ multiply(multiply(points, value, 4, 4, 4), share, 2, 4, 6) }}
{%- endmacro %}
