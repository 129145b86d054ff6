{{ config(materialized='view') }}

select
    {{ staged_columns('order_lines') | join(',\n    ') }}
from {{ ref('int_order_lines_latest') }}
where removed_by is null
