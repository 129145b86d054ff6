{{ valid_rows('returns') }}
