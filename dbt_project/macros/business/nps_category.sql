{#-
The class of an answer to a question that measures nps on a scale of 0 to 10: promoter (9, 10), passive (7, 8) or
detractor (0 to 6). NULL on any other scale, for which the classes are not defined (Reichheld 2003), and on a reversed
scale.
-#}
{% macro nps_category(construct, answer, scale_min, scale_max, is_reversed) -%}
    case
        when {{ construct }} = 'nps' and {{ scale_min }} = 0 and {{ scale_max }} = 10 and not coalesce({{ is_reversed }}, false)
        then
            case
                when {{ answer }} >= 9 then 'promoter'
                when {{ answer }} >= 7 then 'passive'
                when {{ answer }} >= 0 then 'detractor'
            end
    end
{%- endmacro %}
