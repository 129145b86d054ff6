{{ config(materialized='incremental', meta={'changed_by': 'int_changed_return'}) }}

{#- allow_undated=false: a return without a day of its own counts from the day on which it became known. -#}
{{ as_of_rows(
    'returns',
    ref('stg_returns'),
    allow_undated=false,
    where=is_changed('int_changed_return')
) }}
