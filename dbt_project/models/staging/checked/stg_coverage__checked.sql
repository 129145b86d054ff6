{{ checked_rows('coverage') }}
