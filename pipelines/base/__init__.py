"""Helpers for every package: errors, safe file writes, SQL quoting, DuckDB connections, text.

This package imports no other package of the project.
"""
