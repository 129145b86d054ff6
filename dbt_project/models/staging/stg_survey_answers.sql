{{ valid_rows('survey_answers') }}
