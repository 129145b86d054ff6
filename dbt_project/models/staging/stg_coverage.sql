{{ valid_rows('coverage') }}
