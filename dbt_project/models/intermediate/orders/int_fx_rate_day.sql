{{ fx_rate_days(ref('int_fx_rates_as_of')) }}
