{%- set levels = ['prospect', 'churned', 'at_risk', 'potential', 'won_back', 'new', 'loyal'] -%}
with contacts as (
    select distinct
        account_key,
        customer_key
    from {{ ref('int_customer_account') }}
    where rank_of_customer = 1
),

days as (
    select
        customer_key,
        day_on,
        is_purchase_day,
        net_amount,
        returned_amount
    from {{ ref('int_customer_day') }}
    where day_on <= {{ as_of_date() }}
),

-- two contacts who buy on one day are one purchase day of the company
purchases as (
    select
        contacts.account_key,
        min(case when days.is_purchase_day then days.day_on end) as first_purchase_on,
        max(case when days.is_purchase_day then days.day_on end) as last_purchase_on,
        count(distinct case when days.is_purchase_day then days.day_on end) as n_purchase_days,
        sum(days.net_amount) as net_purchase_amount,
        sum(days.returned_amount) as returned_amount
    from contacts
    inner join days on contacts.customer_key = days.customer_key
    group by contacts.account_key
),

of_contacts as (
    select
        contacts.account_key,
        count(*) as n_customers,
        sum(case when classes.level not in ('prospect', 'churned') then 1 else 0 end) as n_active_customers,
        max(
            case classes.level
                {%- for level in levels %}
                when '{{ level }}' then {{ loop.index }}
                {%- endfor %}
            end
        ) as level_rank,
        sum(forecasts.clv_12m_amount) as clv_12m_amount,
        count(forecasts.clv_12m_amount) as n_forecasts
    from contacts
    inner join {{ ref('int_customer_class') }} as classes
        on contacts.customer_key = classes.customer_key and classes.observed_on = {{ as_of_date() }}
    left join {{ ref('int_customer_value') }} as forecasts on contacts.customer_key = forecasts.customer_key
    group by contacts.account_key
),

-- only answers on the scale of 0 to 10 have an NPS category
answers as (
    select
        customer_key,
        nps_category,
        row_number() over (
            partition by customer_key
            order by answered_at desc nulls last, answer_key desc nulls last
        ) as newest_rank
    from {{ ref('int_survey_answer') }}
    where construct = 'nps' and customer_key is not null and nps_category is not null
),

opinions as (
    select
        contacts.account_key,
        count(*) as n_answers,
        sum(case when answers.nps_category = 'promoter' then 1 else 0 end) as n_promoters,
        sum(case when answers.nps_category = 'detractor' then 1 else 0 end) as n_detractors
    from contacts
    inner join answers on contacts.customer_key = answers.customer_key and answers.newest_rank = 1
    group by contacts.account_key
),

final as (
    select
        of_contacts.account_key,
        of_contacts.n_customers,
        of_contacts.n_active_customers,
        case of_contacts.level_rank
            {%- for level in levels %}
            when {{ loop.index }} then '{{ level }}'
            {%- endfor %}
        end as level,
        purchases.first_purchase_on,
        purchases.last_purchase_on,
        coalesce(purchases.n_purchase_days, 0) as n_purchase_days,
        {{ days_between(as_of_date(), 'purchases.last_purchase_on') }} as recency_days,
        cast(purchases.net_purchase_amount - purchases.returned_amount as decimal(18, 2)) as monetary_amount,
        of_contacts.clv_12m_amount,
        of_contacts.n_forecasts,
        coalesce(opinions.n_answers, 0) as n_answers,
        coalesce(opinions.n_promoters, 0) as n_promoters,
        coalesce(opinions.n_detractors, 0) as n_detractors
    from of_contacts
    left join purchases on of_contacts.account_key = purchases.account_key
    left join opinions on of_contacts.account_key = opinions.account_key
)

select * from final
