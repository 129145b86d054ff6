{{ checked_rows(
    'loyalty_events',
    rules=[
        ['LOY-101', 'occurred_at_text is null'],
        ['LOY-102', in_the_future('event_on')],
        ['LOY-103', in_the_future('updated_on')],
        ['LOY-104', not_a_kind('loyalty_events', 'kind')],
        ['LOY-105', 'expires_at < occurred_at'],
    ]
) }}
