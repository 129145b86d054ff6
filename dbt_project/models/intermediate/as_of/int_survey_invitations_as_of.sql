{{ config(materialized='view') }}

{{ as_of_rows('survey_invitations', ref('stg_survey_invitations')) }}
