with codes as (
    {{ ordered_codes(
        'level', ['prospect', 'new', 'potential', 'loyal', 'won_back', 'at_risk', 'churned', 'not_known_yet']
    ) }}
),

labels as (
    {{ code_labels('level') }}
),

meanings as (
    {{ code_labels('level_meaning', 'meaning') }}
)

select
    codes.level,
    codes.sort_order,
    labels.label_en,
    labels.label_zh,
    meanings.meaning_en,
    meanings.meaning_zh
from codes
left join labels on codes.level = labels.code
left join meanings on codes.level = meanings.code
