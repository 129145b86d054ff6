with playbook as (
    select * from {{ ref('loyalty_playbook') }}
),

actions as (
    select * from {{ ref('loyalty_actions') }}
),

final as (
    select
        playbook.level,
        playbook.loyalty_class,
        playbook.aim,
        playbook.next_action,
        actions.is_offer,
        {{ first_contact_channel('actions', {'email': 'true', 'sms': 'true', 'phone': 'true'}, 'true') }}
            as contact_channel,
        playbook.free_action,
        cast(playbook.within_days as integer) as within_days
    from playbook
    inner join actions on playbook.next_action = actions.next_action
)

select * from final
