{%- set groups = ['level', 'loyalty_class', 'rfm_segment'] %}

with mart_days as (
    {{ mart_day_rows() }}
),

month_ends as (
    select
        observed_on,
        observed_number
    from mart_days
    where is_month_end
),

customers as (
    select * from {{ ref('int_customer_month_end') }}
),

first_days as (
    select min(observed_on) as first_on
    from customers
),

pairs as (
    select
        earlier.observed_on as from_month_end_on,
        later.observed_on as to_month_end_on,
        later.observed_number - earlier.observed_number as n_months
    from month_ends as earlier
    inner join month_ends as later on later.observed_number - earlier.observed_number in (1, 3, 12)
    inner join first_days on earlier.observed_on >= first_days.first_on
),

moved as (
    select
        pairs.from_month_end_on,
        pairs.to_month_end_on,
        pairs.n_months,
        {%- for name in groups %}
        coalesce(earlier.{{ name }}, 'not_known_yet') as from_{{ name }},
        later.{{ name }} as to_{{ name }},
        {%- endfor %}
        count(*) as n_customers
    from pairs
    inner join customers as later on pairs.to_month_end_on = later.observed_on
    left join customers as earlier
        on pairs.from_month_end_on = earlier.observed_on and later.customer_key = earlier.customer_key
    group by
        pairs.from_month_end_on,
        pairs.to_month_end_on,
        {%- for name in groups %}
        earlier.{{ name }},
        later.{{ name }},
        {%- endfor %}
        pairs.n_months
),

grouped as (
    {%- for name in groups %}
    select
        from_month_end_on,
        to_month_end_on,
        n_months,
        '{{ name }}' as group_by,
        from_{{ name }} as from_value,
        to_{{ name }} as to_value,
        sum(n_customers) as n_customers
    from moved
    group by from_month_end_on, to_month_end_on, n_months, from_{{ name }}, to_{{ name }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

totals as (
    select
        from_month_end_on,
        to_month_end_on,
        group_by,
        from_value,
        sum(n_customers) as n_from
    from grouped
    group by from_month_end_on, to_month_end_on, group_by, from_value
)

select
    {{ as_of_date() }} as as_of_on,
    grouped.from_month_end_on,
    grouped.to_month_end_on,
    cast(grouped.n_months as integer) as n_months,
    grouped.group_by,
    grouped.from_value,
    grouped.to_value,
    cast(grouped.n_customers as integer) as n_customers,
    cast(totals.n_from as integer) as n_from,
    cast({{ divide('grouped.n_customers', 'totals.n_from', 6, 0) }} as decimal(9, 6)) as share_of_from,
    {{ wilson_bound('grouped.n_customers', 'totals.n_from', '-') }} as share_low,
    {{ wilson_bound('grouped.n_customers', 'totals.n_from', '+') }} as share_high
from grouped
inner join totals
    on
        grouped.from_month_end_on = totals.from_month_end_on
        and grouped.to_month_end_on = totals.to_month_end_on
        and grouped.group_by = totals.group_by
        and grouped.from_value = totals.from_value
