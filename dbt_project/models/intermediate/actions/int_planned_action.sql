{{ config(materialized='view') }}

with classes as (
    select * from {{ ref('int_customer_class') }}
    where observed_on = {{ as_of_date() }}
),

customers as (
    select * from {{ ref('int_customer') }}
),

complaints as (
    select
        customer_key,
        count(*) as n_open_complaints
    from {{ ref('int_case') }}
    where kind = 'complaint' and is_open and customer_key is not null
    group by customer_key
),

playbook as (
    select * from {{ ref('loyalty_playbook') }}
),

-- an open complaint comes before everything else; employees get none
final as (
    select
        classes.customer_key,
        classes.level,
        classes.loyalty_class,
        classes.class_confidence,
        customers.consent_email,
        customers.consent_sms,
        customers.consent_phone,
        playbook.within_days,
        playbook.free_action,
        coalesce(complaints.n_open_complaints, 0) as n_open_complaints,
        case when complaints.customer_key is not null then 'settle' else playbook.aim end as aim,
        case
            when complaints.customer_key is not null then 'settle_complaint'
            when coalesce(customers.is_employee, false) then 'no_action'
            else playbook.next_action
        end as next_action,
        case
            when complaints.customer_key is not null then 'open_complaint'
            when coalesce(customers.is_employee, false) then 'employee'
            else 'playbook'
        end as action_reason,
        coalesce(classes.class_confidence, 'low') = 'low' as is_free_only
    from classes
    inner join customers on classes.customer_key = customers.customer_key
    left join playbook
        on classes.level = playbook.level and classes.loyalty_class = playbook.loyalty_class
    left join complaints on classes.customer_key = complaints.customer_key
)

select * from final
