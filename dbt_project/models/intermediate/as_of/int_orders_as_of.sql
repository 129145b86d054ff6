{{ config(
    materialized='incremental',
    pre_hook="{{ delete_changed('int_changed_order', ['source', 'order_id']) }}"
) }}

{{ as_of_rows(
    'orders',
    ref('stg_orders'),
    where=is_changed(ref('int_changed_order'), ['source', 'order_id'])
) }}
