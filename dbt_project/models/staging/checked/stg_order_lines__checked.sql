{{ checked_rows('order_lines') }}
