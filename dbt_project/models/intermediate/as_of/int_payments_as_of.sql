{{ config(
    materialized='incremental',
    pre_hook="{{ delete_changed('int_changed_payment', ['source', 'payment_id']) }}"
) }}

{{ as_of_rows(
    'payments',
    ref('stg_payments'),
    where=is_changed(ref('int_changed_payment'), ['source', 'payment_id'])
) }}
