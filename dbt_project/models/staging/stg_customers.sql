{{ valid_rows('customers') }}
