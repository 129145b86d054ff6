with codes as (
    {{ ordered_codes(
        'loyalty_class', [
            'emotional', 'attitudinal', 'cognitive', 'behavioural', 'not_loyal', 'unknown'
        ]
    ) }}
),

labels as (
    {{ code_labels('loyalty_class') }}
)

select
    codes.loyalty_class,
    codes.sort_order,
    labels.label_en,
    labels.label_zh
from codes
left join labels on codes.loyalty_class = labels.code
