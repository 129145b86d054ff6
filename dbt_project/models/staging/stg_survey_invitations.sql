{{ valid_rows('survey_invitations') }}
