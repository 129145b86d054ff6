with codes as (
    {{ ordered_codes(
        'channel', [
            'store', 'web', 'app', 'phone', 'email', 'chat', 'messaging', 'social', 'marketplace',
            'mail', 'partner', 'other'
        ]
    ) }}
),

labels as (
    {{ code_labels('channel') }}
)

select
    codes.channel,
    codes.sort_order,
    labels.label_en,
    labels.label_zh
from codes
left join labels on codes.channel = labels.code
