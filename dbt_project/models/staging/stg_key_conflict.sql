{{ config(materialized='table') }}

with {% for name in entities() -%}
{%- set found = "entity = '" ~ name ~ "' and conflicting_rows + undated_rows > 0" -%}
{%- set batches = 'select batch from ' ~ ref('stg_file_reconciliation') ~ ' where ' ~ found -%}
{{ ranked_versions(name, keys_of_batches(name, batches)) }},

{{ name }} as (
    select
        '{{ name }}' as entity,
        source,
        key_1,
        key_2,
        file_name,
        part,
        record,
        line,
        amount,
        version_rank = 1 as is_counted
    from (
        select
            *,
            max(case when is_conflicting then 1 else 0 end) over (
                partition by source, key_1, key_2, is_accepted
            ) as n_conflicts
        from {{ name }}_conflicts
    ) as versions
    where n_conflicts = 1 and (is_conflicting or version_rank = 1)
),

{% endfor -%}

unioned as (
    {% for name in entities() -%}
    select * from {{ name }}
    {% if not loop.last -%} union all
    {% endif -%}
    {% endfor %}
)

select * from unioned
