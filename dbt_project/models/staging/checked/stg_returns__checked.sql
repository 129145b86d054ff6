{{ checked_rows(
    'returns',
    rules=[
        ['RET-101', 'returned_at_text is null'],
        ['RET-102', in_the_future('event_on')],
        ['RET-103', in_the_future('updated_on')],
        ['RET-104', 'amount < 0'],
        ['RET-105', 'quantity < 0'],
        ['RET-106', not_a_kind('returns', 'kind')],
        ['RET-107', not_a_kind('returns', 'fault')],
        ['RET-108', no_currency_code('currency')],
    ]
) }}
