{#- Purchases, contacts, cases and answers. -#}
with touches as (
    {%- for name in ['int_order', 'int_interaction', 'int_case', 'int_survey_answer'] %}
    select
        customer_key,
        channel
    from {{ ref(name) }}
    where {{ 'is_purchase and ' if name == 'int_order' }}customer_key is not null
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

final as (
    select
        customer_key,
        {%- for channel in channel_codes() %}
        sum(case when channel = '{{ channel }}' then 1 else 0 end) as n_{{ channel }}_touchpoints,
        {%- endfor %}
        count(*) as n_touchpoints
    from touches
    group by customer_key
)

select * from final
