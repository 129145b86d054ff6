-- Every order and every line known at the as-of day is in its fact once.
with counted as (
    select
        (select count(*) from {{ ref('int_order_header') }}) as n_headers,
        (select count(*) from {{ ref('fct_order') }}) as n_orders,
        (select count(*) from {{ ref('int_order_lines_as_of') }}) as n_known_lines,
        (select count(*) from {{ ref('fct_order_line') }}) as n_lines
)

select *
from counted
where n_headers <> n_orders or n_known_lines <> n_lines
