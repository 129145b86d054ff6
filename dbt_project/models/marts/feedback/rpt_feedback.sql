{%- set slices = ['all', 'month', 'category', 'channel', 'loyalty_class', 'resolution_speed'] -%}
{%- set hours = ['first_response', 'resolution'] -%}
with feedback as (
    select
        *,
        cast(month_start_on as string) as month
    from {{ ref('int_feedback') }}
),

sliced as (
    {%- for slice in slices %}
    select
        kind,
        '{{ slice }}' as slice_by,
        {{ "'all'" if slice == 'all' else reported_group(slice, 'count(*)') }} as slice_value,
        count(*) as n_feedback,
        count(customer_key) as n_of_known_customers,
        {%- for name in hours %}
        count({{ name }}_hours) as n_{{ name }}_hours,
        sum({{ name }}_hours) as {{ name }}_hours_sum,
        sum({{ multiply(name ~ '_hours', name ~ '_hours', 4, 2, 2, 38) }}) as squared_{{ name }}_hours_sum,
        {%- endfor %}
        count(is_resolved) as n_resolvable,
        sum(case when is_resolved then 1 else 0 end) as n_resolved,
        sum(case when is_closed then 1 else 0 end) as n_closed,
        sum(case when is_followed then 1 else 0 end) as n_followed
    from feedback
    group by kind{{ ', ' ~ slice if slice != 'all' }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

merged as (
    select
        kind,
        slice_by,
        slice_value,
        sum(n_feedback) as n_feedback,
        sum(n_of_known_customers) as n_of_known_customers,
        {%- for name in hours %}
        sum(n_{{ name }}_hours) as n_{{ name }}_hours,
        sum({{ name }}_hours_sum) as {{ name }}_hours_sum,
        sum(squared_{{ name }}_hours_sum) as squared_{{ name }}_hours_sum,
        {%- endfor %}
        sum(n_resolvable) as n_resolvable,
        sum(n_resolved) as n_resolved,
        sum(n_closed) as n_closed,
        sum(n_followed) as n_followed
    from sliced
    group by kind, slice_by, slice_value
),

means as (
    select
        *,
        {{ divide('first_response_hours_sum', 'n_first_response_hours', 2, 2) }} as mean_first_response_hours,
        {{ divide('resolution_hours_sum', 'n_resolution_hours', 2, 2) }} as mean_resolution_hours,
        {{
            mean_half_width(
                'n_first_response_hours', 'first_response_hours_sum', 'squared_first_response_hours_sum'
            )
        }} as first_response_half_width,
        {{
            mean_half_width('n_resolution_hours', 'resolution_hours_sum', 'squared_resolution_hours_sum')
        }} as resolution_half_width
    from merged
),

final as (
    select
        {{ as_of_date() }} as as_of_on,
        kind,
        slice_by,
        slice_value,
        cast(n_feedback as bigint) as n_feedback,
        cast(n_of_known_customers as bigint) as n_of_known_customers,
        {%- for name in hours %}
        cast(n_{{ name }}_hours as bigint) as n_{{ name }}_hours,
        mean_{{ name }}_hours,
        cast(
            case
                when mean_{{ name }}_hours < {{ name }}_half_width then 0
                else mean_{{ name }}_hours - {{ name }}_half_width
            end as decimal(18, 2)
        ) as mean_{{ name }}_hours_low,
        cast(mean_{{ name }}_hours + {{ name }}_half_width as decimal(18, 2)) as mean_{{ name }}_hours_high,
        {%- endfor %}
        cast(n_resolvable as bigint) as n_resolvable,
        cast(n_resolved as bigint) as n_resolved,
        cast({{ divide('n_resolved', 'n_resolvable', 6, 0) }} as decimal(9, 6)) as resolved_share,
        {{ wilson_bound('n_resolved', 'n_resolvable', '-') }} as resolved_share_low,
        {{ wilson_bound('n_resolved', 'n_resolvable', '+') }} as resolved_share_high,
        cast(n_closed as bigint) as n_closed,
        cast(n_followed as bigint) as n_followed,
        cast({{ divide('n_followed', 'n_closed', 6, 0) }} as decimal(9, 6)) as followed_share,
        {{ wilson_bound('n_followed', 'n_closed', '-') }} as followed_share_low,
        {{ wilson_bound('n_followed', 'n_closed', '+') }} as followed_share_high
    from means
)

select * from final
