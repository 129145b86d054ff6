{#- The purchase days of customers, each with the one before. -#}
{% macro purchase_days() -%}
    select
        customer_key,
        day_on,
        previous_purchase_on
    from {{ ref('int_customer_day') }}
    where is_purchase_day
{%- endmacro %}

{#- Join condition: a row of `purchases` (purchase_days) is the first purchase day of the customer of `rows` after `day`. -#}
{% macro is_next_purchase(rows, day, purchases='purchases') -%}
    {{ rows }}.customer_key = {{ purchases }}.customer_key
            and {{ rows }}.{{ day }} < {{ purchases }}.day_on
            and (
                {{ purchases }}.previous_purchase_on is null
                or {{ rows }}.{{ day }} >= {{ purchases }}.previous_purchase_on
            )
{%- endmacro %}
