{{ config(materialized='incremental', meta={'changed_by': 'int_changed_survey_answer'}) }}

{{ as_of_rows(
    'survey_answers',
    with_guests('survey_answers') ~ ' as versions',
    landed=ref('stg_survey_answers'),
    where=is_changed('int_changed_survey_answer')
) }}
