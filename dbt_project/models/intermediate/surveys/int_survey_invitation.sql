with invitations as (
    select * from {{ ref('int_survey_invitations_as_of') }}
),

identities as (
    select * from {{ ref('int_customer_identity') }}
),

channels as (
    select * from {{ ref('int_channel') }}
),

final as (
    select
        {{ hash_key(['invitations.source', 'invitations.invitation_id']) }} as invitation_key,
        invitations.source,
        invitations.invitation_id,
        invitations.survey_id,
        identities.customer_key,
        channels.channel,
        channels.touchpoint,
        invitations.channel as source_channel,
        invitations.sent_at,
        invitations.event_on as sent_on
    from invitations
    left join identities
        on invitations.source = identities.source and invitations.customer_ref = identities.customer_ref
    left join channels
        on invitations.source = channels.source and invitations.channel = channels.spelling
)

select * from final
