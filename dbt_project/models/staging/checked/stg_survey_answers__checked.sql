{{ checked_rows('survey_answers') }}
