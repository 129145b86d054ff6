"""The user's settings: loyalty.yml and the environment. Only this package reads them."""
