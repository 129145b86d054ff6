{{ valid_rows('order_lines') }}
