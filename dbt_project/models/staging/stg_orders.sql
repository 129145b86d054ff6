{{ valid_rows('orders') }}
