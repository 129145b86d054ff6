{{ checked_rows(
    'order_lines',
    rules=[
        ['LIN-101', in_the_future('event_on')],
        ['LIN-102', in_the_future('updated_on')],
        ['LIN-103', 'quantity < 0'],
        ['LIN-104', 'unit_price < 0'],
        ['LIN-105', 'list_price < 0'],
        ['LIN-106', 'discount < 0'],
        ['LIN-107', 'unit_cost < 0'],
        ['LIN-108', no_currency_code('currency')],
    ]
) }}
