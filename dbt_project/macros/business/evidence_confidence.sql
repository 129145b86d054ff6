{#- evidence_confidence(coverage, n): how far a dimension is to be trusted, 0 to 1, DECIMAL(18,4): the share of its parts that have
    evidence, times n / (n + k), which is a half at k pieces of evidence and never quite one. -#}
{% macro evidence_confidence(coverage, n) -%}
    {{ multiply(coverage, divide(n, n ~ ' + ' ~ var('loyalty_evidence_prior'), 6), 4, 4, 6) }}
{%- endmacro %}
