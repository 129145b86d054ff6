{{ config(
    materialized='incremental',
    pre_hook="{{ delete_changed('int_changed_return', ['source', 'return_id']) }}"
) }}

{{ as_of_rows(
    'returns',
    ref('stg_returns'),
    where=is_changed(ref('int_changed_return'), ['source', 'return_id'])
) }}
