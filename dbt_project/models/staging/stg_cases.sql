{{ valid_rows('cases') }}
