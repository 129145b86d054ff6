{% call changed_keys('int_changed_payment') -%}
{{ touched_keys('payments') }}
{%- endcall %}
