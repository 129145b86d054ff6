{% call changed_keys(['source', 'payment_id']) -%}
{{ touched_keys('payments') }}
{%- endcall %}
