{{ checked_rows('loyalty_events') }}
