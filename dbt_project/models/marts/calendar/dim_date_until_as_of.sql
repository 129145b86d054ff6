{{ config(materialized='view') }}

select date_on
from {{ ref('dim_date') }}
where not is_after_as_of
