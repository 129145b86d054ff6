{%- set base = "(movement like 'kept%' or movement = 'lost')" -%}
{%- set earned = "(movement = 'new' and is_earned)" -%}

with movements as (
    select * from {{ ref('int_period_movement') }}
),

-- without any origin of a customer, the share of earned customers is unknown, not 0
shop as (
    select count(is_earned) > 0 as has_origins
    from movements
),

periods as (
    select * from {{ ref('int_period') }}
),

summed as (
    select
        period_kind,
        period_on,
        {%- for part, condition in {
            'previous': base,
            'new': "movement = 'new'",
            'earned': earned,
            'unknown_origin': "movement = 'new' and is_earned is null",
            'reactivated': "movement = 'reactivated'",
        }.items() %}
        sum(case when {{ condition }} then n_customers else 0 end) as n_{{ part }}_customers,
        {%- endfor %}
        {%- for part, condition in {
            'retained': base,
            'new': "movement = 'new'",
            'earned': earned,
            'unknown_origin': "movement = 'new' and is_earned is null",
            'reactivated': "movement = 'reactivated'",
            'returns_only': "movement = 'returns_only'",
        }.items() %}
        cast(sum(case when {{ condition }} then net_amount else 0 end) as decimal(18, 2)) as {{ part }}_net_amount,
        {%- endfor %}
        cast(sum(previous_net_amount) as decimal(18, 2)) as previous_net_amount,
        cast(sum(net_amount) as decimal(18, 2)) as net_amount,
        sum(sum_previous_squared) as previous_squared,
        {%- for part, condition in {'nrr': base, 'enc': earned, 'both': base ~ ' or ' ~ earned}.items() %}
        sum(case when {{ condition }} then sum_net_squared else 0 end) as {{ part }}_squared,
        sum(case when {{ condition }} then sum_product else 0 end) as {{ part }}_product,
        {%- endfor %}
        sum(n_customers) as n_customers
    from movements
    group by period_kind, period_on
),

known as (
    select
        summed.*,
        summed.retained_net_amount as nrr_amount,
        case when shop.has_origins then summed.earned_net_amount end as enc_amount,
        case when shop.has_origins then summed.retained_net_amount + summed.earned_net_amount end as both_amount
    from summed
    cross join shop
),

shares as (
    select
        *,
        {%- for part in ['nrr', 'enc', 'both'] %}
        case
            when previous_net_amount > 0 then {{ divide(part ~ '_amount', 'previous_net_amount', 6, 2) }}
        end as {{ part }}_share,
        {{ ratio_half_width(
            part ~ '_amount', 'previous_net_amount', part ~ '_squared', part ~ '_product', 'previous_squared',
            'n_customers'
        ) }} as {{ part }}_half_width,
        {%- endfor %}
        case when previous_net_amount > 0 then {{ divide('net_amount', 'previous_net_amount', 6, 2) }} - 1 end
            as growth_share
    from known
)

select
    {{ as_of_date() }} as as_of_on,
    shares.period_kind,
    shares.period_on,
    periods.previous_on,
    periods.is_complete and previous_periods.is_complete as is_complete,
    {%- for part in ['previous', 'new', 'earned', 'unknown_origin', 'reactivated'] %}
    cast(shares.n_{{ part }}_customers as integer) as n_{{ part }}_customers,
    {%- endfor %}
    shares.previous_net_amount,
    shares.retained_net_amount,
    shares.new_net_amount,
    shares.enc_amount as earned_net_amount,
    shares.unknown_origin_net_amount,
    shares.reactivated_net_amount,
    shares.returns_only_net_amount,
    shares.net_amount,
    {%- for part, name in {'nrr': 'nrr', 'enc': 'enc', 'both': 'earned_growth'}.items() %}
    {%- set share = 'shares.' ~ part ~ '_share' ~ (' - 1' if part == 'both' else '') %}
    cast({{ share }} as decimal(18, 6)) as {{ name }}_share,
    cast({{ share }} - shares.{{ part }}_half_width as decimal(18, 6)) as {{ name }}_share_low,
    cast({{ share }} + shares.{{ part }}_half_width as decimal(18, 6)) as {{ name }}_share_high,
    {%- endfor %}
    cast(shares.growth_share as decimal(18, 6)) as growth_share
from shares
inner join periods
    on shares.period_kind = periods.period_kind and shares.period_on = periods.period_on
inner join periods as previous_periods
    on periods.period_kind = previous_periods.period_kind and periods.previous_on = previous_periods.period_on
