{#-
Promoter (9, 10), passive (7, 8) or detractor (0 to 6), of a question that measures nps and is asked on a scale of 0 to 10. On
any other scale the classes are not defined (Reichheld 2003): NULL, and so for a reversed one.
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
