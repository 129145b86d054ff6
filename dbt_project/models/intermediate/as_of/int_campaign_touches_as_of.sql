{{ config(materialized='view') }}

{{ as_of_rows('campaign_touches', ref('stg_campaign_touches')) }}
