{{ config(materialized='view') }}

{{ as_of_rows('loyalty_events', ref('stg_loyalty_events')) }}
