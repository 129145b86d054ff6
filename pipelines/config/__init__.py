"""What the user decides: loyalty.yml and the environment. No other part reads either of them."""
