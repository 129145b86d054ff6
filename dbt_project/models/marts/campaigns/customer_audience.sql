{%- set audiences = var('audiences') -%}
{%- set marts = [
    'customer_loyalty', 'customer_actions', 'customer_rfm', 'customer_clv', 'customer_nps', 'customer_points',
    'customer_profile'] -%}
{#- the columns of the conditions, as <mart>.<column>, each once -#}
{%- set used = audiences | map(attribute='columns') | sum(start=[]) | unique | sort -%}
with dim_customer as (
    select * from {{ ref('dim_customer') }}
),
{% for mart in marts %}
{{ mart }} as (
    select * from {{ ref(mart) }}
),
{% endfor %}
history as (
    select
        customer_key,
        valid_from_on,
        level,
        loyalty_class,
        quadrant,
        loyalty_type,
        -- before the first purchase, customer_rfm has no row
        nullif(rfm_segment, 'no_purchase') as rfm_segment
    from {{ ref('customer_loyalty_history') }}
),

touches as (
    select
        customer_key,
        max(touched_on) as sent_on
    from {{ ref('fct_campaign_touch') }}
    where
        customer_key is not null
        and coalesce(arm, 'treated') = 'treated'
        and coalesce(action, 'sent') = 'sent'
    group by customer_key
),

customers as (
    select
        dim_customer.customer_key,
        {%- for column in used %}
        {{ column }},
        {%- endfor %}
        dim_customer.consent_email as has_email_consent,
        dim_customer.consent_sms as has_sms_consent,
        dim_customer.consent_phone as has_phone_consent,
        customer_actions.n_open_complaints > 0 as has_open_complaint,
        dim_customer.is_employee as is_of_staff,
        touches.sent_on
    from dim_customer
    left join touches on dim_customer.customer_key = touches.customer_key
    {%- for mart in marts %}
    left join {{ mart }} on dim_customer.customer_key = {{ mart }}.customer_key
    {%- endfor %}
),
{% for audience in audiences %}
{{ audience.name }}_members as (
    {{ audience_members(audience, 'customers') }}
),

{{ audience.name }}_since as (
    {{ audience_since(audience, 'history') }}
),
{% endfor %}
final as (
    {%- for audience in audiences %}
    select
        members.customer_key,
        {{ as_of_date() }} as as_of_on,
        '{{ audience.name }}' as audience,
        '{{ audience.channel }}' as contact_channel,
        since.member_since_on,
        {{ audience_arm(audience, 'members.customer_key') }} as arm,
        members.suppressed_reason
    from {{ audience.name }}_members as members
    left join {{ audience.name }}_since as since on members.customer_key = since.customer_key
    {{- '\n    union all' if not loop.last }}
    {%- else %}
    select
        customers.customer_key,
        {{ as_of_date() }} as as_of_on,
        cast(null as string) as audience,
        cast(null as string) as contact_channel,
        cast(null as date) as member_since_on,
        cast(null as string) as arm,
        cast(null as string) as suppressed_reason
    from customers
    where 1 = 0 and customers.customer_key in (select history.customer_key from history)
    {%- endfor %}
)

select * from final
