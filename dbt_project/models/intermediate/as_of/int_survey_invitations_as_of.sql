{{ config(materialized='view') }}

{{ as_of_rows(
    'survey_invitations',
    with_guests('survey_invitations') ~ ' as versions',
    landed=ref('stg_survey_invitations')
) }}
