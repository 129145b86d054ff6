{{ checked_rows('campaign_touches') }}
