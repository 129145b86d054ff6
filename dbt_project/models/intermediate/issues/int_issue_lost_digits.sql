{{ issue_of_columns('digits_lost', entities_with_ids(), 'lost_columns') }}
