{{ as_of_rows('customers', ref('stg_customers')) }}
