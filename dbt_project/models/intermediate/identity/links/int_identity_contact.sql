{%- set day = as_of_date() -%}
with
{%- for name, columns in entities_with_contacts().items() %}

{{ name }}_rows as (
    select
        stated.source,
        stated.customer_ref as ref,
        {{ columns | join(',\n        ') }},
        -- a version that restores a deleted record counts from the day on which it is known
        case
            when deleted.deleted_id is not null and {{ is_not_deleted(name, 'stated', day) }} then stated.effective_on
            else stated.event_on
        end as event_on,
        stated.effective_on,
        case when not {{ is_not_deleted(name, 'stated', day) }} then deleted.last_deleted_on end as deleted_on
    from {% if has_guests(name) %}{{ with_guests(name) }}{% else %}{{ ref('stg_' ~ name) }}{% endif %} as stated
    {{ join_deleted(name, 'stated', day) }}
    where
        coalesce(stated.event_on <= {{ day }}, true)
        and not {{ is_replaced(name, 'stated', day) }}
),
{%- endfor %}

stated as (
    {%- for name, column in columns_of_contacts() %}
    select
        source,
        ref,
        '{{ column }}' as kind,
        {{ column }} as value,
        event_on,
        effective_on,
        deleted_on
    from {{ name }}_rows
    where {{ column }} is not null and ref is not null
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

contacts as (
    select
        stated.source,
        stated.ref,
        stated.kind,
        identifiers.identifier,
        {{ earliest_known('stated.event_on') }} as stated_on,
        {{ earliest_known('stated.effective_on') }} as known_on,
        max(stated.deleted_on) as valid_to
    from stated
    inner join {{ source('exchange', 'identifiers') }} as identifiers
        on stated.kind = identifiers.kind and stated.value = identifiers.value
    where identifiers.identifier is not null
    group by stated.source, stated.ref, stated.kind, identifiers.identifier, stated.deleted_on is not null
),

ranked as (
    select
        *,
        rank() over (
            partition by source, ref, kind, valid_to is not null order by known_on asc nulls first
        ) as known_rank,
        rank() over (partition by source, ref, kind order by known_on asc nulls first) as rank_with_deleted,
        max(valid_to) over (partition by source, ref, kind order by known_on asc nulls first) as last_valid_to
    from contacts
)

-- If none was known by the day, the earliest later one stands in, as for every entity.
select
    source,
    ref as customer_ref,
    kind,
    identifier,
    known_on,
    case
        when rank_with_deleted = 1 or known_on is null or stated_on > known_on then stated_on
        -- all contacts that were known before have been deleted: this one counts from the last deletion on
        when known_rank = 1 and valid_to is null then least(known_on, greatest(stated_on, last_valid_to))
        else known_on
    end as valid_from,
    valid_to
from ranked
where coalesce(known_on <= {{ day }}, true) or known_rank = 1
