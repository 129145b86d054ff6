{{ checked_rows(
    'returns',
    rules=[
        ['RET-101', 'returned_at_text is null and order_id is null'],
        ['RET-102', in_the_future('event_on')],
        ['RET-103', in_the_future('updated_on')],
        ['RET-104', 'amount < 0'],
        ['RET-105', 'quantity < 0'],
        ['RET-106', not_a_kind('returns', 'kind')],
        ['RET-107', not_a_kind('returns', 'fault')],
        ['RET-108', no_currency_code('currency')],
        ['RET-109', not_a_kind('returns', 'amount_basis')],
        ['RET-110', 'tax < 0 or shipping < 0'],
        ['RET-111', "coalesce(tax, 0) + coalesce(shipping, 0) > amount and coalesce(amount_basis, 'gross') = 'gross'"],
    ]
) }}
