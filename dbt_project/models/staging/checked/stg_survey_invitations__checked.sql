{{ checked_rows(
    'survey_invitations',
    rules=[
        ['INV-101', 'sent_at_text is null'],
        ['INV-102', in_the_future('event_on')],
        ['INV-103', in_the_future('updated_on')],
    ]
) }}
