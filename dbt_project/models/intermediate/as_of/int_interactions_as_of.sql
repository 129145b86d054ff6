{{ config(materialized='view') }}

{{ as_of_rows('interactions', ref('stg_interactions')) }}
