{{ checked_rows('deletions') }}
