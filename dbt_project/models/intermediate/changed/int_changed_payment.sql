{% if not var('is_incremental_build') -%}
{{ no_keys(['source', 'payment_id']) }}
{%- else -%}
{{ touched_keys('payments') }}
{%- endif %}
