{{ checked_rows(
    'campaign_touches',
    rules=[
        ['TCH-101', 'touched_at_text is null'],
        ['TCH-102', in_the_future('event_on')],
        ['TCH-103', in_the_future('updated_on')],
        ['TCH-104', not_a_kind('campaign_touches', 'campaign_kind')],
        ['TCH-105', not_a_kind('campaign_touches', 'action')],
        ['TCH-106', not_a_kind('campaign_touches', 'arm')],
        ['TCH-107', 'cost < 0'],
        ['TCH-108', no_currency_code('currency')],
    ]
) }}
