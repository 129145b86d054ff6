{{ checked_rows(
    'payments',
    rules=[
        ['PAY-101', in_the_future('event_on')],
        ['PAY-102', in_the_future('updated_on')],
        ['PAY-103', 'order_id is null'],
        ['PAY-104', 'amount < 0'],
        ['PAY-105', no_currency_code('currency')],
    ]
) }}
