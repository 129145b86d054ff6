{{ checked_rows('survey_invitations') }}
