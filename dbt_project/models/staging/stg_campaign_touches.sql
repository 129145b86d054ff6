{{ valid_rows('campaign_touches') }}
