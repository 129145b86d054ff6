{{ issue_of_columns('rounded_values', entities_with_decimals(), 'rounded_columns', "is_accepted = true") }}
