{{ checked_rows(
    'cases',
    rules=[
        ['CAS-101', 'opened_at_text is null'],
        ['CAS-102', in_the_future('event_on')],
        ['CAS-103', in_the_future('updated_on')],
        ['CAS-104', not_a_kind('cases', 'kind')],
        ['CAS-105', 'first_response_at < opened_at'],
        ['CAS-106', 'closed_at < opened_at'],
        ['CAS-107', 'cost < 0'],
    ]
) }}
