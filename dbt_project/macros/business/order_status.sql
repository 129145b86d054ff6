{#-
What is compared of a status, which landing has put in lower case: the text without accents and separators, so that
`on-hold`, `on_hold` and `on hold` are one word. pipelines/landing/order_statuses.py has the same characters; a test
holds the two together.
-#}
{% macro status_word(status) -%}
    {%- set accented = 'àáâãäåçèéêëìíîïñòóôõöùúûüýÿßς' -%}
    {%- set plain = 'aaaaaaceeeeiiiinooooouuuuyysσ' -%}
    {%- set left_out = ' \u00a0\u202f\u3000-\u2010\u2011\u2013\u2014_.,:;/|()\uff0c\u3001\uff1a\uff08\uff09'
        ~ '\u0300\u0301\u0302\u0303\u0307\u0308\u030a\u0327' -%}
    translate({{ status }}, '{{ accented ~ left_out }}', '{{ plain }}')
{%- endmacro %}

{#- The class of a status, from its row of int_order_status: no status means that the row is a sale. -#}
{% macro status_class(status, status_class) -%}
    case when {{ status }} is null then 'sale' else coalesce({{ status_class }}, 'unknown') end
{%- endmacro %}

{#-
The rank of a line's class in its order, and back: one line that is sold makes a sale, an unknown one is reported before one
that is pending, and an order is cancelled if every line is.
-#}
{% macro status_rank(status_class) -%}
    case {{ status_class }} when 'sale' then 1 when 'unknown' then 2 when 'pending' then 3 when 'cancelled' then 4 else 5 end
{%- endmacro %}

{% macro class_of_rank(rank) -%}
    case {{ rank }} when 1 then 'sale' when 2 then 'unknown' when 3 then 'pending' when 4 then 'cancelled' else 'test' end
{%- endmacro %}

{#- Whether a line of a class is a part of what its order is worth; the header's word holds for a line of an unknown status. -#}
{% macro is_part_of_order(status_class, order_class, has_header) -%}
    coalesce({{ status_class }} in ('sale', {{ order_class }}) or ({{ status_class }} = 'unknown' and {{ has_header }}), false)
{%- endmacro %}

{#-
The status of an order by its lines, grouped by order: that on which the lines agree that decide its class, else the class.
`class_rank` is the rank of the class of the order, the same in each of its lines.
-#}
{% macro status_of_lines() -%}
    {%- set deciding = 'case when ' ~ status_rank('status_class') ~ " = class_rank then coalesce(status, '') end" -%}
    case
            when count(status) > 0 and min({{ deciding }}) = max({{ deciding }}) and min({{ deciding }}) <> ''
                then min({{ deciding }})
            when count(status) > 0 then {{ class_of_rank('class_rank') }}
        end
{%- endmacro %}
