{{ checked_rows(
    'products',
    rules=[
        ['PRD-101', 'unit_cost < 0'],
        ['PRD-102', in_the_future('updated_on')],
    ]
) }}
