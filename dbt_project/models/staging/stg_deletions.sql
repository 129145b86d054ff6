{{ valid_rows('deletions') }}
