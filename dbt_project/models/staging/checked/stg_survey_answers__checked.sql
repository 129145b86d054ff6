{{ checked_rows(
    'survey_answers',
    rules=[
        ['ANS-101', 'answered_at_text is null'],
        ['ANS-102', in_the_future('event_on')],
        ['ANS-103', in_the_future('updated_on')],
        ['ANS-104', not_a_kind('survey_answers', 'survey_kind')],
        ['ANS-105', not_accepted('construct', ref('constructs'), value='construct')],
        ['ANS-106', 'scale_min >= scale_max or (scale_min is null) <> (scale_max is null)'],
        ['ANS-107', 'answer_number < scale_min or answer_number > scale_max'],
    ]
) }}
