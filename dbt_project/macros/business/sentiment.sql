{#-
A sentiment rescaled from its scale to 0 to 100. NULL if it is outside the scale, because its place is not known
(int_issue_sentiment counts such rows).
-#}
{% macro sentiment_score(sentiment, lowest, highest) -%}
    case
        when {{ sentiment }} >= {{ lowest }} and {{ sentiment }} <= {{ highest }}
            then cast({{ divide(
                '100 * (' ~ sentiment ~ ' - ' ~ lowest ~ ')', highest ~ ' - ' ~ lowest, 4
            ) }} as decimal(9, 4))
    end
{%- endmacro %}
