{{ as_of_rows('products', ref('stg_products')) }}
