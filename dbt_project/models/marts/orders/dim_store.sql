select
    {{ hash_key(['source', 'store_id']) }} as store_key,
    source,
    store_id,
    min(ordered_on) as first_order_on,
    max(ordered_on) as last_order_on
from {{ ref('fct_order') }}
where store_id is not null
group by source, store_id
