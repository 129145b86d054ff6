{{ valid_rows('referrals') }}
