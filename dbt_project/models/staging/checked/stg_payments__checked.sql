{{ checked_rows('payments') }}
