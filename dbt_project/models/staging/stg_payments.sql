{{ valid_rows('payments') }}
