-- depends_on: {{ ref('stg_contacts') }}
{%- for day in observed_days() or ['0001-01-01'] %}
select date '{{ day }}' as observed_on
{%- if not loop.last %}
union all
{%- endif %}
{%- endfor %}
