{% call changed_keys('int_changed_product') -%}
with touched as (
    {{ touched_keys('products') }}
),

product_before as (
    {{ as_of_rows(
        'products',
        versions_before('products'),
        this_build('previous_as_of'),
        where='(source, product_id) in (select source, product_id from touched)'
    ) }}
),

product_now as (
    select * from {{ ref('int_products_as_of') }}
)

select
    touched.source,
    touched.product_id
from touched
left join product_before
    on touched.source = product_before.source and touched.product_id = product_before.product_id
left join product_now
    on touched.source = product_now.source and touched.product_id = product_now.product_id
where
    product_before.product_name is distinct from product_now.product_name
    or product_before.category is distinct from product_now.category
    or product_before.brand is distinct from product_now.brand
    or product_before.unit_cost is distinct from product_now.unit_cost
union
select source, product_id from ({{ redelivered_keys('products') }}) as redelivered
{%- endcall %}
