{{ checked_rows(
    'orders',
    rules=[
        ['ORD-101', 'ordered_at_text is null'],
        ['ORD-102', in_the_future('event_on')],
        ['ORD-103', in_the_future('updated_on')],
        ['ORD-104', 'gross < 0'],
        ['ORD-105', 'discount < 0'],
        ['ORD-106', 'tax < 0'],
        ['ORD-107', 'shipping < 0'],
        ['ORD-108', 'total < 0'],
        ['ORD-109', business_date('cancelled_at') ~ ' < event_on'],
        ['ORD-110', business_date('delivered_at') ~ ' < event_on'],
        ['ORD-111', no_currency_code('currency')],
    ]
) }}
