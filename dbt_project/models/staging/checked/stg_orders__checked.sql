{{ checked_rows('orders') }}
