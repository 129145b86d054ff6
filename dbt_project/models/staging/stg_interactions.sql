{{ valid_rows('interactions') }}
