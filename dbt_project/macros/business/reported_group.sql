{#-
The name of a group in a report: its own, or `other` if it has fewer than model.reports.min_group answers, cases or
feedback (`n`). A figure of a few people says little, and may show who they are. A group without any keeps its name: it
has no figure to hide. So does the group of everybody, for which the condition `is_whole` holds.

Use it in three steps, so that the totals still add up: count by group, rename with this macro, then sum by the new
name. `other` itself can be small. Sums of money and numbers of customers are never merged.
-#}
{% macro reported_group(group_name, n, is_whole='false') -%}
    case
        when {{ is_whole }} or {{ n }} = 0 or {{ n }} >= {{ var('reports_min_group') }} then {{ group_name }}
        else 'other'
    end
{%- endmacro %}
