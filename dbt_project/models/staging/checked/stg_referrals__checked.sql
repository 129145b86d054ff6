{{ checked_rows(
    'referrals',
    rules=[
        ['REF-101', 'referred_at_text is null'],
        ['REF-102', in_the_future('event_on')],
        ['REF-103', in_the_future('updated_on')],
        ['REF-104', 'referrer_ref is null'],
        ['REF-105', 'referred_ref is null'],
        ['REF-106', 'referrer_ref = referred_ref'],
    ]
) }}
