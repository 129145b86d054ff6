{#-
How RFM is scored: the setting model.rfm.method.

quantile: cut points are quintiles of the active customers. fixed: cut points are the thresholds of model.rfm. own_gap:
recency is measured in the customer's own gaps and has thresholds; frequency and monetary value have quintiles.
-#}

{#- The days on which customers have an RFM segment, as text, ascending: the days of levels, and the last month end before the
    month of the as-of day. -#}
{% macro rfm_days() -%}
    {%- set as_of = this_build('as_of') -%}
    {%- if not as_of -%} {{ return(mart_days()) }} {%- endif -%}
    {%- set first_day = modules.datetime.date.fromisoformat(as_of).replace(day=1) -%}
    {%- set month_end = (first_day - modules.datetime.timedelta(days=1)).isoformat() -%}
    {{ return((mart_days() + [month_end]) | unique | sort | list) }}
{%- endmacro %}

{#- Recency as it is scored: larger is better. `relation` is the name of a CTE over int_rfm_value, or "". -#}
{% macro rfm_recency(relation='') -%}
    {%- set column = 'recency_gaps' if var('rfm_method') == 'own_gap' else 'recency_days' -%}
    {{ return('-' ~ (relation ~ '.' if relation else '') ~ column) }}
{%- endmacro %}

{#- The cut points that are given instead of computed, as {part: four ascending numbers}. Recency is negated. -#}
{% macro rfm_thresholds() -%}
    {%- set method = var('rfm_method') -%}
    {%- if method == 'fixed' -%}
        {{ return({
            'r': negated(var('rfm_recency_days')),
            'f': var('rfm_frequency'),
            'm': var('rfm_monetary', none),
        }) }}
    {%- elif method == 'own_gap' -%}
        {{ return({'r': negated(var('rfm_recency_gaps'))}) }}
    {%- endif -%}
    {{ return({}) }}
{%- endmacro %}

{#- Ascending numbers, negated and ascending again. -#}
{% macro negated(numbers) -%}
    {%- set result = [] -%}
    {%- for number in numbers | reverse -%}{%- do result.append(-number) -%}{%- endfor -%}
    {{ return(result) }}
{%- endmacro %}
