with files as (
    select distinct
        batch,
        landed_on
    from {{ ref('stg_batch') }}
)

{% for name in entities() -%}
{{ answered_rows(name) }}
{% if not loop.last -%} union all
{% endif -%}
{% endfor %}
