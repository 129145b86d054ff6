{#-
The confidence in a dimension, 0 to 1, DECIMAL(18,4): coverage * n / (n + k). `coverage` is the share of its parts that
have evidence, and `n` the number of pieces of evidence, with at most 4 decimals. k is the var loyalty_evidence_prior:
with n = k the factor is a half, and it is always less than 1.
-#}
{% macro evidence_confidence(coverage, n) -%}
    {{ multiply(coverage, divide(n, n ~ ' + ' ~ var('loyalty_evidence_prior'), 6, 4), 4, 4, 6) }}
{%- endmacro %}
