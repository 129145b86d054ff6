{{ config(materialized='view') }}

{{ as_of_rows('interactions', with_guests('interactions') ~ ' as versions', landed=ref('stg_interactions')) }}
