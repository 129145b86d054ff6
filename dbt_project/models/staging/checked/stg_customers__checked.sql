{{ checked_rows(
    'customers',
    rules=[
        ['CUS-101', in_the_future('event_on')],
        ['CUS-102', in_the_future('updated_on')],
        ['CUS-103', "birth_date < date '1900-01-01' or " ~ in_the_future('birth_date')],
        ['CUS-104', 'acquisition_cost < 0'],
    ]
) }}
