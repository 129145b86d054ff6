{{ checked_rows(
    'fx_rates',
    rules=[
        ['FXR-101', 'rate_text is null or rate <= 0'],
        ['FXR-102', in_the_future('event_on')],
        ['FXR-103', in_the_future('updated_on')],
        ['FXR-104', no_currency_code('currency')],
    ]
) }}
