{{ checked_rows(
    'coverage',
    rules=[
        ['COV-101', not_a_kind('coverage', 'entity')],
        ['COV-102', 'covered_to < covered_from'],
        ['COV-103', in_the_future('updated_on')],
    ]
) }}
