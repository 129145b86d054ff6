{{ config(
    materialized='incremental',
    pre_hook="{{ delete_changed('int_changed_survey_answer', ['source', 'response_id', 'question_id']) }}"
) }}

{{ as_of_rows(
    'survey_answers',
    ref('stg_survey_answers'),
    where=is_changed(ref('int_changed_survey_answer'), ['source', 'response_id', 'question_id'])
) }}
