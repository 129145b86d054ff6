{{ valid_rows('loyalty_events') }}
