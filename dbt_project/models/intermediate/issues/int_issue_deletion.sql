{#- An order may be known from its lines only. -#}
{%- set day = as_of_date() -%}
{%- set names = entity('deletions').accepts.entity -%}
with
{%- for name in names %}

{{ name }}_deleted as (
    select
        source,
        record_id,
        last_deleted_at
    from {{ ref('int_deletions_as_of') }}
    where entity = '{{ name }}'
),

{{ name }}_versions as (
    {%- for known in [name, 'order_lines'] if known == name or name == 'orders' %}
    select
        source,
        {{ entity(known).key[0] }} as record_id,
        case when effective_on <= {{ day }} then updated_at end as updated_at
    from {{ ref('stg_' ~ known) }} as stg_{{ known }}
    where
        exists (
            select 1 from {{ name }}_deleted as deleted
            where
                deleted.source = stg_{{ known }}.source
                and deleted.record_id = stg_{{ known }}.{{ entity(known).key[0] }}
        )
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

{{ name }}_known as (
    select
        source,
        record_id,
        max(updated_at) as last_updated_at
    from {{ name }}_versions
    group by source, record_id
),

{{ name }} as (
    select
        '{{ name }}' as entity,
        deleted.source,
        known.record_id is not null as is_known,
        coalesce(known.last_updated_at > deleted.last_deleted_at, false) as is_restored
    from {{ name }}_deleted as deleted
    left join {{ name }}_known as known
        on deleted.source = known.source and deleted.record_id = known.record_id
),
{%- endfor %}

unioned as (
    {%- for name in names %}
    select * from {{ name }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
)

select
    case when is_known then 'records_deleted' else 'deletion_unknown' end as issue,
    source,
    entity,
    cast(null as string) as detail,
    count(*) as n_rows,
    cast(null as decimal(18, 2)) as amount,
    false as is_amount_estimated
from unioned
where not is_restored
group by is_known, source, entity
