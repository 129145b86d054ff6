with answers as (
    select
        source,
        survey_id,
        survey_kind,
        customer_key,
        order_key,
        answered_at
    from {{ ref('int_survey_answer') }}
    where construct = 'nps' and nps_category is not null
),

sent as (
    select * from {{ ref('int_survey_invitation') }}
    where customer_key is not null
),

kinds as (
    select
        source,
        survey_id,
        {{ reported_survey_kind('survey_kind', 'order_key') }} as survey_kind
    from answers
    where survey_id is not null
),

-- An invitation states no kind: it has that of the answers to its survey, if all have the same.
nps_surveys as (
    select
        source,
        survey_id,
        case when min(survey_kind) = max(survey_kind) then min(survey_kind) else 'unknown' end as survey_kind
    from kinds
    group by source, survey_id
),

invitations as (
    select
        sent.source,
        sent.survey_id,
        sent.invitation_id,
        sent.sent_at,
        sent.sent_on,
        sent.customer_key,
        sent.channel,
        nps_surveys.survey_kind,
        lead(sent.sent_at) over (
            partition by sent.source, sent.survey_id, sent.customer_key order by sent.sent_at, sent.invitation_id
        ) as next_sent_at
    from sent
    inner join nps_surveys
        on
            sent.source = nps_surveys.source
            and sent.survey_id = nps_surveys.survey_id
),

-- Each NPS answer belongs to one invitation: the latest one to the same survey and customer.
answered_invitations as (
    select
        invitations.source,
        invitations.invitation_id
    from invitations
    inner join answers
        on
            invitations.source = answers.source
            and invitations.survey_id = answers.survey_id
            and invitations.customer_key = answers.customer_key
            and invitations.sent_at <= answers.answered_at
            and (invitations.next_sent_at is null or invitations.next_sent_at > answers.answered_at)
    group by invitations.source, invitations.invitation_id
),

final as (
    select
        invitations.source,
        invitations.invitation_id,
        invitations.customer_key,
        invitations.sent_on,
        invitations.channel,
        invitations.survey_kind,
        answered_invitations.invitation_id is not null as is_answered
    from invitations
    left join answered_invitations
        on
            invitations.source = answered_invitations.source
            and invitations.invitation_id = answered_invitations.invitation_id
)

select * from final
