{{ config(materialized='view') }}

{{ as_of_rows('cases', ref('stg_cases')) }}
