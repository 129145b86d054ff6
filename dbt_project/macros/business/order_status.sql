{#-
The form in which statuses and channels are compared: without accents, full-width letters and separators, so that
`on-hold`, `on_hold` and `on hold` are equal. Landing has already converted `status` to lower case.
pipelines/landing/order_statuses.py must list the same characters; a test compares the two.
-#}
{% macro status_word(status) -%}
    {%- set accented = 'àáâãäåçèéêëìíîïñòóôõöùúûüýÿßςａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ０１２３４５６７８９' -%}
    {%- set plain = 'aaaaaaceeeeiiiinooooouuuuyysσabcdefghijklmnopqrstuvwxyz0123456789' -%}
    {%- set left_out = ' \u00a0\u202f\u3000-\u2010\u2011\u2013\u2014\uff0d_\uff3f.\uff0e,:;\uff1b/\uff0f|\uff5c()'
        ~ '\uff0c\u3001\uff1a\uff08\uff09'
        ~ '\u0300\u0301\u0302\u0303\u0307\u0308\u030a\u0327' -%}
    translate({{ status }}, '{{ accented ~ left_out }}', '{{ plain }}')
{%- endmacro %}

{#-
The class of a status. `status_class` is that of its row in int_order_status. A row without a status is a sale; a status
without a class is unknown.
-#}
{% macro status_class(status, status_class) -%}
    case when {{ status }} is null then 'sale' else coalesce({{ status_class }}, 'unknown') end
{%- endmacro %}

{#-
The rank of a line's class in its order; class_of_rank is the inverse. The class with the lowest rank is the class of
the order: one sold line makes the order a sale, an unknown class is reported before pending, and an order is cancelled
if every line is cancelled.
-#}
{% macro status_rank(status_class) -%}
    case {{ status_class }} when 'sale' then 1 when 'unknown' then 2 when 'pending' then 3 when 'cancelled' then 4 else 5 end
{%- endmacro %}

{#- The class of a rank (see status_rank). -#}
{% macro class_of_rank(rank) -%}
    case {{ rank }} when 1 then 'sale' when 2 then 'unknown' when 3 then 'pending' when 4 then 'cancelled' else 'test' end
{%- endmacro %}

{#-
Whether a line belongs to the value of its order: it is sold, or has the class of its order. If the line's class is
unknown, the header decides, so it belongs to the order if the order has a header.
-#}
{% macro is_part_of_order(status_class, order_class, has_header) -%}
    coalesce({{ status_class }} in ('sale', {{ order_class }}) or ({{ status_class }} = 'unknown' and {{ has_header }}), false)
{%- endmacro %}

{#-
The status of an order from its lines, an aggregate per order. The lines with the order's class decide. If they all
have the same status, it is the order's status; otherwise the order's class is used. The column `class_rank` is the
rank of the order's class, the same in each of its lines.
-#}
{% macro status_of_lines() -%}
    {%- set deciding = 'case when ' ~ status_rank('status_class') ~ " = class_rank then coalesce(status, '') end" -%}
    case
            when count(status) > 0 and min({{ deciding }}) = max({{ deciding }}) and min({{ deciding }}) <> ''
                then min({{ deciding }})
            when count(status) > 0 then {{ class_of_rank('class_rank') }}
        end
{%- endmacro %}
