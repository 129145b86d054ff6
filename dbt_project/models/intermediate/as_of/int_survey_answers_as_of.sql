{{ config(materialized='incremental', meta={'changed_by': 'int_changed_survey_answer'}) }}

{{ as_of_rows(
    'survey_answers',
    ref('stg_survey_answers'),
    where=is_changed('int_changed_survey_answer')
) }}
