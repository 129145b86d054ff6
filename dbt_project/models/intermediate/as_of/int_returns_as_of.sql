{{ config(materialized='incremental', meta={'changed_by': 'int_changed_return'}) }}

{#- Without a day of its own (standing=false): that a late row is of that day can then be known from nothing. -#}
{{ as_of_rows(
    'returns',
    ref('stg_returns'),
    standing=false,
    where=is_changed('int_changed_return')
) }}
