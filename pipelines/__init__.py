"""Loyalty Marts: raw orders, interactions and survey responses in, customer-level loyalty marts out."""
