{#-
Whether an answer is about the relationship or about one transaction: as the source states it (`survey_kind`), else
transaction if it names a known order (`order_key` is not NULL), else unknown. The two are reported apart, because an
answer just after a purchase is about that purchase.
-#}
{% macro reported_survey_kind(survey_kind, order_key) -%}
    coalesce({{ survey_kind }}, case when {{ order_key }} is not null then 'transaction' else 'unknown' end)
{%- endmacro %}
