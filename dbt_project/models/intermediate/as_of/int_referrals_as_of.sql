{{ config(materialized='view') }}

{{ as_of_rows('referrals', ref('stg_referrals')) }}
