{{ config(materialized='incremental', meta={'changed_by': 'int_changed_order'}) }}

{{ as_of_rows(
    'orders',
    with_guests('orders') ~ ' as versions',
    landed=ref('stg_orders'),
    where=is_changed('int_changed_order')
) }}
