{%- set favourites = ['category', 'channel', 'store'] -%}
with customers as (
    select * from {{ ref('int_customer') }}
),

preferences as (
    select
        {%- for name in favourites + ['hour', 'contact_channel'] %}
        max(case when preference = '{{ name }}' then preferred end) as {{ name }},
        max(case when preference = '{{ name }}' then preference_share end) as {{ name }}_share,
        {%- endfor %}
        customer_key
    from {{ ref('int_customer_preference') }}
    group by customer_key
),

touchpoints as (
    select * from {{ ref('int_customer_touchpoint') }}
),

second_days as (
    select
        customer_key,
        day_on as second_purchase_on
    from {{ ref('int_customer_day') }}
    where purchase_day_number = 2
),

contacts as (
    select
        customer_key,
        occurred_on,
        channel,
        row_number() over (
            partition by customer_key order by occurred_at desc nulls last, interaction_key desc nulls last
        ) as newest_rank
    from {{ ref('int_interaction') }}
    where customer_key is not null
),

cases as (
    select
        customer_key,
        count(*) as n_open_cases,
        min(opened_on) as oldest_open_case_on
    from {{ ref('int_case') }}
    where is_open and customer_key is not null
    group by customer_key
),

measures as (
    select
        customer_key,
        favourite_brand,
        discount_dependence_share,
        price_tolerance_score
    from {{ ref('int_customer_measure') }}
),

final as (
    select
        customers.customer_key,
        {{ as_of_date() }} as as_of_on,
        {%- for name in favourites %}
        preferences.{{ name }} as favourite_{{ name }},
        preferences.{{ name }}_share as favourite_{{ name }}_share,
        {%- endfor %}
        cast(preferences.hour as integer) as favourite_hour,
        preferences.hour_share as favourite_hour_share,
        preferences.contact_channel as favourite_contact_channel,
        preferences.contact_channel_share as favourite_contact_channel_share,
        measures.favourite_brand,
        measures.discount_dependence_share,
        measures.price_tolerance_score,
        cast(coalesce(touchpoints.n_touchpoints, 0) as integer) as n_touchpoints,
        {%- for channel in channel_codes() %}
        cast(coalesce(touchpoints.n_{{ channel }}_touchpoints, 0) as integer) as n_{{ channel }}_touchpoints,
        {%- endfor %}
        customers.consent_email,
        customers.consent_sms,
        customers.consent_phone,
        customers.birth_month,
        customers.first_seen_on,
        customers.signed_up_on,
        customers.first_purchase_on,
        second_days.second_purchase_on,
        customers.last_purchase_on,
        contacts.occurred_on as last_contact_on,
        contacts.channel as last_contact_channel,
        cast(coalesce(cases.n_open_cases, 0) as integer) as n_open_cases,
        cases.oldest_open_case_on
    from customers
    left join preferences on customers.customer_key = preferences.customer_key
    left join measures on customers.customer_key = measures.customer_key
    left join touchpoints on customers.customer_key = touchpoints.customer_key
    left join second_days on customers.customer_key = second_days.customer_key
    left join contacts on customers.customer_key = contacts.customer_key and contacts.newest_rank = 1
    left join cases on customers.customer_key = cases.customer_key
)

select * from final
