{%- set parts = {'r': 'r', 'f': 'f', 'm': 'm'} %}
{%- set thresholds = rfm_thresholds() %}

with customers as (
    select * from {{ ref('int_rfm_value') }}
),

-- all days are kept, because thresholds apply on a day without active customers too
active_values as (
    select
        observed_on,
        case when is_active then {{ rfm_recency() }} end as r,
        case when is_active then frequency end as f,
        case when is_active then monetary_amount end as m
    from customers
),

cuts as (
    select
        observed_on,
        {{ cut_point_arrays(parts, 5) }}
    from active_values
    group by observed_on
),

final as (
    select
        observed_on
        {%- for part in parts %}
        {%- if part in thresholds %}
        {%- for threshold in thresholds[part] %},
        cast({{ threshold }} as decimal(18, 4)) as {{ part }}_cut_{{ loop.index }}
        {%- endfor %}
        {%- else %},
        {{ cut_point_columns([part], 5) }}
        {%- endif %}
        {%- endfor %}
    from cuts
)

select * from final
