{{ config(materialized='incremental', meta={'changed_by': 'int_changed_return'}) }}

{#- allow_undated=false: if a return has no day of its own, nothing shows that a row that arrived later belongs to an earlier day. -#}
{{ as_of_rows(
    'returns',
    ref('stg_returns'),
    allow_undated=false,
    where=is_changed('int_changed_return')
) }}
