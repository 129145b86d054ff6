with catalogue as (
    select
        source,
        product_id,
        product_name,
        category,
        brand
    from {{ ref('int_products_as_of') }}
),

spellings as (
    select
        source,
        product_id,
        product_name,
        category,
        brand,
        min(ordered_on) as first_order_on,
        max(ordered_on) as last_order_on
    from {{ ref('int_order_line') }}
    where product_id is not null
    group by source, product_id, product_name, category, brand
),

ranked as (
    select
        *,
        row_number() over (
            partition by source, product_id
            order by
                last_order_on desc nulls last,
                product_name asc nulls last,
                category asc nulls last,
                brand asc nulls last
        ) as rank_of_spelling
    from spellings
),

-- A line that leaves an attribute empty says nothing about it: each attribute is that of the latest line with one.
ordered as (
    select
        source,
        product_id,
        {%- for column in ['product_name', 'category', 'brand'] %}
        min_by({{ column }}, rank_of_spelling) filter (where {{ column }} is not null) as {{ column }},
        {%- endfor %}
        min(first_order_on) as first_order_on,
        max(last_order_on) as last_order_on
    from ranked
    group by source, product_id
),

products as (
    select
        source,
        product_id
    from catalogue
    union
    select
        source,
        product_id
    from ordered
)

select
    {{ hash_key(['products.source', 'products.product_id']) }} as product_key,
    products.source,
    products.product_id,
    coalesce(catalogue.product_name, ordered.product_name) as product_name,
    coalesce(catalogue.category, ordered.category) as category,
    coalesce(catalogue.brand, ordered.brand) as brand,
    catalogue.product_id is not null as is_in_catalogue,
    ordered.first_order_on,
    ordered.last_order_on
from products
left join catalogue on products.source = catalogue.source and products.product_id = catalogue.product_id
left join ordered on products.source = ordered.source and products.product_id = ordered.product_id
