{{ checked_rows('fx_rates') }}
