{{ config(materialized='view') }}

{{ as_of_rows('cases', with_guests('cases') ~ ' as versions', landed=ref('stg_cases')) }}
