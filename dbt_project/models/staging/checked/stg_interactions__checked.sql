{{ checked_rows(
    'interactions',
    rules=[
        ['INT-101', 'occurred_at_text is null'],
        ['INT-102', in_the_future('event_on')],
        ['INT-103', in_the_future('updated_on')],
        ['INT-104', not_a_kind('interactions', 'kind')],
        ['INT-105', 'duration_s < 0'],
        ['INT-106', 'cost < 0'],
    ]
) }}
