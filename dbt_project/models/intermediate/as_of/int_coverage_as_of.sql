{{ config(materialized='view') }}

{{ as_of_rows('coverage', ref('stg_coverage')) }}
