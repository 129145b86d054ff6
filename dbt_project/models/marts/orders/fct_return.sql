{{ config(materialized='view') }}

select
    {{ hash_key(['source', 'return_id']) }} as return_key,
    {{ hash_key(['source', 'order_id']) }} as order_key,
    source,
    return_id,
    customer_key,
    returned_at,
    returned_on,
    is_undated,
    kind,
    fault,
    quantity,
    stated_amount,
    amount_basis,
    is_basis_assumed,
    is_amount_derived,
    is_order_unknown,
    return_amount,
    excess_amount,
    issue
from {{ ref('int_return') }}
