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
