{{ config(materialized='incremental', meta={'changed_by': 'int_changed_payment'}) }}

{{ as_of_rows(
    'payments',
    ref('stg_payments'),
    where=is_changed('int_changed_payment')
) }}
