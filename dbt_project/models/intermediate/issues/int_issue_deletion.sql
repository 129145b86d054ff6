{#- Payments, orders and other records that their source deleted by the as-of day, and deletions that name no known record. -#}
{%- set day = as_of_date() -%}
{%- set names = entity('deletions').accepts.entity -%}
with
{%- for name in names %}

{{ name }}_deleted as (
    select
        deletions.deleted_source as source,
        deletions.deleted_id,
        deletions.last_deleted_at
    from {{ deleted_records(name, day) }} as deletions
),

{{ name }} as (
    select
        '{{ name }}' as entity,
        deleted.source,
        known.n_versions is not null as is_known,
        coalesce(known.last_updated_at > deleted.last_deleted_at, false) as is_restored
    from {{ name }}_deleted as deleted
    left join (
        select
            source,
            {{ entity(name).key[0] }} as record_id,
            count(*) as n_versions,
            max(case when effective_on <= {{ day }} then updated_at end) as last_updated_at
        from {{ ref('stg_' ~ name) }}
        where (source, {{ entity(name).key[0] }}) in (select source, deleted_id from {{ name }}_deleted)
        group by source, {{ entity(name).key[0] }}
    ) as known
        on deleted.source = known.source and deleted.deleted_id = known.record_id
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
